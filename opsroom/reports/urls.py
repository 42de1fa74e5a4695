from django.urls import path

from opsroom.reports import views

urlpatterns = [
    path("reports/new/", views.new, name="report_new"),
    path("reports/<slug:token>/", views.one, name="report"),
    path("reports/<slug:token>/discard/", views.discard, name="report_discard"),
]
