"""People: one user model, known by e-mail, with a role, a limit, a stand-in and the hours of their mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from opsroom.people.roles import Right, Role, may, roles_with


def known_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone. Give one like Asia/Singapore or America/New_York.")


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def with_right(self, right: Right) -> UserQuerySet:
        return self.active().filter(role__in=roles_with(right))

    def delegating_to(self, person: User, *, now: datetime) -> UserQuerySet:
        """The people whose decisions `person` takes for them at this moment."""
        return self.active().filter(delegate_to=person, delegate_until__gt=now)


class UserManager(BaseUserManager["User"]):
    """People are known by their e-mail in lower case, so that one mailbox is one person."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def active(self) -> UserQuerySet:
        return self.get_queryset().active()

    def with_right(self, right: Right) -> UserQuerySet:
        return self.get_queryset().with_right(right)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A person needs an e-mail address: it is the sign-in name.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "role": Role.OWNER})


class User(AbstractBaseUser, PermissionsMixin):
    class Roles(models.TextChoices):
        OWNER = Role.OWNER.value, "Owner"
        APPROVER = Role.APPROVER.value, "Approver"
        DRAFTER = Role.DRAFTER.value, "Drafter"
        VIEWER = Role.VIEWER.value, "Viewer"

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Roles, default=Roles.VIEWER)
    is_active = models.BooleanField("may sign in", default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])
    digest_hour = models.PositiveSmallIntegerField(
        "hour of the digest",
        default=7,
        validators=[MaxValueValidator(23)],
        help_text="0 to 23, in the person's time zone",
    )
    wants_digest = models.BooleanField("gets the digest", default=True)
    keyboard_shortcuts = models.BooleanField(default=True)

    approve_limit = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))],
        help_text="The most this person approves in one write. Empty: what the policy allows.",
    )  # fmt: skip
    approve_limit_currency = models.CharField(max_length=3, blank=True)
    delegate_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="stands_in_for", verbose_name="stand-in"
    )
    delegate_until = models.DateTimeField("stand-in until", null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ("email",)
        constraints = (
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_is_lower_case"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="person_role_is_known"),
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="person_digest_hour_is_an_hour"),
            models.CheckConstraint(
                condition=Q(approve_limit__isnull=True) | (Q(approve_limit__gte=0) & ~Q(approve_limit_currency="")),
                name="person_limit_has_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(delegate_to__isnull=True) | ~Q(delegate_to=F("pk")), name="person_stands_in_for_others_only"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def is_staff(self) -> bool:
        """Django's admin asks for this; owners alone administer."""
        return self.is_active and self.may(Right.ADMINISTER)

    @property
    def can_approve(self) -> bool:
        return self.may(Right.APPROVE)

    @property
    def can_draft(self) -> bool:
        return self.may(Right.DRAFT)

    def may(self, right: Right) -> bool:
        return self.is_active and may(self.role, right)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Django's permissions follow the role: who administers may do all, nobody else anything."""
        return self.may(Right.ADMINISTER)

    def has_module_perms(self, app_label: str) -> bool:
        return self.may(Right.ADMINISTER)

    def stand_in(self, *, now: datetime) -> User | None:
        """Who decides for this person at this moment."""
        in_force = self.delegate_until is not None and now < self.delegate_until
        return self.delegate_to if in_force else None

    def get_full_name(self) -> str:
        return str(self)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self, now: datetime) -> ApiTokenQuerySet:
        """Neither revoked nor expired, of people who may sign in."""
        return self.filter(revoked_at=None, expires_at__gt=now, person__is_active=True)


class ApiToken(models.Model):
    """Lets a program read and propose in a person's name. It can never do what the person may not.

    `digest` is the SHA-256 of the token: with 256 random bits there is nothing to guess, so no slow hash is needed.
    `prefix` is its public beginning, by which people tell their tokens apart.
    """

    LONGEST: ClassVar = timedelta(days=365)

    class Scope(models.TextChoices):
        READ = "read"
        PROPOSE = "propose", "propose drafts"

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="What uses it: shown beside everything that it proposes.")
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    # Said apart from the list, so that a list that loses its last shop does not come to mean every shop.
    all_shops = models.BooleanField(default=True)
    shops = models.ManyToManyField("connectors.Shop", blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + timedelta(days=365)), name="api_token_ends_in_a_year"
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0, scopes__contained_by=["read", "propose"]), name="api_token_scopes_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class ApiPace(models.Model):
    """How many calls a token has made in the minute that began at `began_at`."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=10, choices=ApiToken.Scope)
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["token", "scope"], name="api_pace_once"),)

    def __str__(self) -> str:
        return f"{self.count} {self.scope} since {self.began_at:%H:%M:%S}"


__all__ = ["ApiPace", "ApiToken", "User", "UserQuerySet"]
