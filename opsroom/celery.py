"""The queue. Redis is a doorbell: the row in PostgreSQL is the work, so a lost or doubled message is harmless.

Times and limits follow the measured behaviour of Celery 5.7 with Redis: a message of a killed worker comes back
within the visibility timeout plus five seconds, a poison task is tried three times, and none waits in a worker's hands.
"""

import os
from typing import Any

import structlog
from celery import Celery, signals
from kombu import Exchange, Queue

from opsroom import collector, embedded, pipeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")

LANES = ("webhooks", "pull", "think", "execute", "mail")
VISIBILITY_SECONDS = 600
EXCHANGE = Exchange("lanes", type="direct")

app = Celery("opsroom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    imports=(*pipeline.STEP_MODULES, "opsroom.pipeline"),
    beat_schedule=pipeline.beat_schedule(),
    task_acks_late=True,
    task_retry_on_worker_lost=True,
    task_reject_on_worker_lost=True,
    task_acks_on_timeout=True,
    task_time_limit=120,
    task_soft_time_limit=100,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_queues=[Queue(lane, EXCHANGE, routing_key=lane) for lane in LANES],
    task_default_queue="execute",
    task_default_exchange=EXCHANGE.name,
    task_default_routing_key="execute",
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_max_tasks_per_child=500,
    worker_soft_shutdown_timeout=30,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    },
    timezone="UTC",
    enable_utc=True,
)


@signals.celeryd_init.connect
@signals.beat_init.connect
def start_servers(**_: Any) -> None:
    embedded.ensure()


@signals.worker_init.connect
@signals.worker_process_init.connect
def calm_collector(**_: Any) -> None:
    collector.calm_down()


@signals.before_task_publish.connect
def carry_request_id(headers: dict[str, Any], **_: Any) -> None:
    """The task's log lines name the request that asked for it."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["request_id"] = request_id


@signals.task_prerun.connect
def bind_task(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    request_id = getattr(task.request, "request_id", None)
    structlog.contextvars.bind_contextvars(
        task_id=task_id, task=task.name, **({"request_id": request_id} if request_id else {})
    )


@signals.task_postrun.connect
def unbind_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
