"""Django's PostgreSQL backend, which starts the embedded servers just before the first connection and never earlier."""

from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from django.db.backends.postgresql.creation import DatabaseCreation as PostgresCreation

from opsroom import embedded


class DatabaseCreation(PostgresCreation):
    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        """A test's web server may still hold a kept-alive connection, which must not keep the test database alive."""
        with self.connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


class DatabaseWrapper(PostgresWrapper):
    creation_class = DatabaseCreation

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        embedded.ensure()
        return super().get_new_connection(conn_params)
