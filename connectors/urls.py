from django.urls import path

from connectors import views

app_name = "connectors"
urlpatterns = [
    path("webhooks/<int:shop_id>/", views.webhook, name="webhook"),
]
