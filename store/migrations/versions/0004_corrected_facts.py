"""Facts that agents correct, and offers that are made once"""

from alembic import op
import sqlalchemy as sa
import store.types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('fact_corrections',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('fact', sa.String(length=40), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('taken_back', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('at', store.types.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_fact_corrections_account_id')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_fact_corrections_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fact_corrections'))
    )
    op.create_index(op.f('ix_fact_corrections_case_id'), 'fact_corrections', ['case_id'], unique=False)
    with op.batch_alter_table('offers') as batch:
        batch.add_column(sa.Column('request_id', sa.String(length=36), nullable=True))
        batch.create_unique_constraint(op.f('uq_offers_request_id'), ['request_id'])


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table('offers') as batch:
        batch.drop_constraint(op.f('uq_offers_request_id'), type_='unique')
        batch.drop_column('request_id')
    op.drop_index(op.f('ix_fact_corrections_case_id'), table_name='fact_corrections')
    op.drop_table('fact_corrections')
