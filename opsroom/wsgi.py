import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")
_pages = get_wsgi_application()  # sets Django up, which the doorstep needs

from opsroom.doorstep import Doorstep  # noqa: E402

application = Doorstep(_pages)
