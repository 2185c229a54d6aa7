"""Which message of the assistant or the product a message is, whatever its wording"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('messages', sa.Column('key', sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('messages', 'key')
