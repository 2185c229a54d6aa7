"""The customer of a case: the e-mail address, so that the queue needs no other table"""

from alembic import op
import sqlalchemy as sa

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('cases', sa.Column('customer', sa.Text(), nullable=True))
    op.create_index(op.f('ix_cases_customer'), 'cases', ['customer'], unique=False)
    _fill()


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(op.f('ix_cases_customer'), table_name='cases')
    op.drop_column('cases', 'customer')


def _fill() -> None:
    """Set the customer of every case from the identity of its conversation."""
    cases = sa.table('cases', sa.column('conversation_id'), sa.column('customer'))
    conversations = sa.table('conversations', sa.column('id'), sa.column('identity', sa.JSON()))
    connection = op.get_bind()
    with_case = sa.select(cases.c.conversation_id)
    found = connection.execute(sa.select(conversations).where(conversations.c.id.in_(with_case)))
    filled = [
        {'of_conversation': conversation, 'email': str(identity['email']).lower()}
        for conversation, identity in found
        if isinstance(identity, dict) and identity.get('email')
    ]
    if filled:
        connection.execute(
            sa.update(cases)
            .where(cases.c.conversation_id == sa.bindparam('of_conversation'))
            .values(customer=sa.bindparam('email')),
            filled,
        )
