"""By which delivery somebody asked for a pull request's check once more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:

    op.add_column("pulls", sa.Column("asked", sa.Text(), nullable=True))
