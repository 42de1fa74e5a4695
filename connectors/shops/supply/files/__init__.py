"""What suppliers, warehouses and catalogues give as files or plain JSON, read through the mapping of reports."""

from connectors.shops.supply.files.connector import Catalogue, SupplierFiles, Warehouse

__all__ = ["Catalogue", "SupplierFiles", "Warehouse"]
