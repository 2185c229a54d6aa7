"""What the products of this run decided is decided again: it stands after the tests that use them.

Files are run in the order of their names, folders and files together.
"""

from tests.product import DATA_FOLDERS, ServedProduct
from tests.reproduction import stored_in


def test_every_decision_of_every_product_comes_out_the_same_again(server: ServedProduct) -> None:
    server.customer("en").ask_for_person()
    for folder in sorted(DATA_FOLDERS):
        stored_in(folder)
