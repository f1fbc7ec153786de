"""Since when a thread does not show a plan's environment any more."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:

    op.add_column("plans", sa.Column("left_at", sa.Text(), nullable=True))
