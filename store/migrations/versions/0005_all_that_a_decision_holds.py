"""All that a decision holds: the words behind its facts, and what it saw beside the messages"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('decisions', sa.Column('senior', sa.Boolean(), nullable=True))
    op.add_column('decisions', sa.Column('wording', sa.String(length=16), nullable=True))
    op.add_column('decisions', sa.Column('evidence', sa.JSON(), nullable=True))
    op.add_column('decisions', sa.Column('circumstances', sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('decisions', 'circumstances')
    op.drop_column('decisions', 'evidence')
    op.drop_column('decisions', 'wording')
    op.drop_column('decisions', 'senior')
