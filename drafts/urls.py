from django.urls import path

from drafts.views import batch, card, decide, history, inbox, pause, settle

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("fresh/", inbox.fresh, name="fresh"),
    path("alerts/<int:pk>/", card.card, name="card"),
    path("alerts/<int:pk>/live/", card.live, name="live"),
    path("alerts/<int:pk>/prepare/", decide.prepare, name="prepare"),
    path("alerts/<int:pk>/snooze/", decide.snooze, name="snooze"),
    path("drafts/<int:pk>/", card.draft, name="draft"),
    path("drafts/<int:pk>/approve/", decide.approve, name="approve"),
    path("drafts/<int:pk>/confirm/", decide.confirm, name="confirm"),
    path("drafts/<int:pk>/edit/", decide.edit, name="edit"),
    path("drafts/<int:pk>/reject/", decide.reject, name="reject"),
    path("drafts/<int:pk>/undo/", decide.undo, name="undo"),
    path("drafts/<int:pk>/settle/", settle.settle, name="settle"),
    path("batch/", batch.batch, name="batch"),
    path("batch/outcome/", batch.outcome, name="batch-outcome"),
    path("pause/", pause.pause, name="pause"),
    path("history/", history.history, name="history"),
    path("history.csv", history.history_file, name="history-file"),
    path("records/<slug:kind>/<int:shop_id>/", history.record, name="record"),
]
