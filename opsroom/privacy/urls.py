from django.urls import path

from opsroom.privacy import views

urlpatterns = [
    path("privacy/customers/<int:shop_id>/", views.customer, name="privacy-customer"),
    path("privacy/customers/<int:shop_id>/file/", views.file, name="privacy-file"),
]
