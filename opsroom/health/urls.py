from django.urls import path

from opsroom.health import views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("health/stability/", views.stability, name="stability"),
]
