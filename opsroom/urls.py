from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from opsroom.metrics import metrics

# The admin's own sign-in form knows neither rate limits nor second factors, so its visitors take the common way in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's documented way

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("opsroom.api")),
    path("metrics", metrics, name="metrics"),
    path("", include("opsroom.connect.urls")),
    path("", include("opsroom.reports.urls")),
    path("", include("opsroom.health.urls")),
    path("", include("opsroom.privacy.urls")),
    path("", include("drafts.urls")),
    path("", include("connectors.urls")),
]
