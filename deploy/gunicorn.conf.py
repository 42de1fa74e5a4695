"""Web: two processes of eight threads each: two cores stay busy while others wait for the disk."""

from pathlib import Path

workers = 2
threads = 8
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
keepalive = 15
max_requests = 5000
max_requests_jitter = 500
accesslog = None
loglevel = "warning"
# A worker's heartbeat file on a disk can stall the worker (gunicorn's FAQ).
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
