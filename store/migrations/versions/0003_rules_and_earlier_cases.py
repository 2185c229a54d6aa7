"""The versions of the rules, and how many cases of a customer there were before a message"""

from alembic import op
import sqlalchemy as sa
import store.types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('rule_versions',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('saved_at', store.types.Instant(timezone=True), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('policy', 'remedies')", name=op.f('ck_rule_versions_kind')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_rule_versions_account_id')),
    sa.PrimaryKeyConstraint('kind', 'number', name=op.f('pk_rule_versions'))
    )
    op.create_index(op.f('ix_rule_versions_hash'), 'rule_versions', ['hash'], unique=False)
    op.add_column('messages', sa.Column('earlier_cases', sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('messages', 'earlier_cases')
    op.drop_index(op.f('ix_rule_versions_hash'), table_name='rule_versions')
    op.drop_table('rule_versions')
