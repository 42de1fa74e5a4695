from django.urls import path

from opsroom.connect import install, profile, shops, tokens

urlpatterns = [
    path("connections/", shops.connections, name="connections"),
    path("connections/new/", install.choose, name="connect_choose"),
    path("connections/new/<slug:kind>/", install.one, name="connect_system"),
    path("connections/new/<slug:kind>/app/", install.register, name="connect_app"),
    path("connections/new/<slug:kind>/consent/", install.start, name="connect_start"),
    path("connections/new/<slug:kind>/keys/", install.keys, name="connect_keys"),
    path("connections/visits/<int:pk>/", install.visit, name="connect_visit"),
    path("connections/visits/<int:pk>/go/", install.go, name="connect_go"),
    # Registered at the platforms word for word, so it never changes.
    path("connect/<slug:kind>/back/", install.back, name="connect_back"),
    path("connections/<int:pk>/pause/", shops.pause, name="shop_pause"),
    path("connections/<int:pk>/resume/", shops.resume, name="shop_resume"),
    path("connections/<int:pk>/disconnect/", shops.disconnect, name="shop_disconnect"),
    path("profile/", profile.profile, name="profile"),
    path("profile/tokens/", tokens.tokens, name="api_tokens"),
    path("profile/tokens/make/", tokens.make, name="api_token_make"),
    path("profile/tokens/<int:pk>/revoke/", tokens.revoke, name="api_token_revoke"),
    path("theme/", profile.theme, name="theme"),
]
