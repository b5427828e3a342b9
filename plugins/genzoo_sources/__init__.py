"""Where data can lie beside folders and arrays: tar shards, tables, addresses and the Hub."""

from __future__ import annotations

from genzoo import DataSourceSpec, hookimpl


@hookimpl
def genzoo_sources() -> list[DataSourceSpec]:
    """Data sources that come with genzoo."""
    return [
        DataSourceSpec(
            name="tar-shards",
            summary="Tar files in the layout of WebDataset: one, a folder of them, or a pattern",
            target="genzoo_sources.shard_source:open_shards",
            endings=(".tar",),
            matches="genzoo_sources.shard_files:matches",
        ),
        DataSourceSpec(
            name="tables",
            summary="Parquet files, and what the library datasets saved in a folder",
            target="genzoo_sources.saved_tables:open_tables",
            endings=(".parquet",),
            matches="genzoo_sources.saved_tables:matches",
        ),
        DataSourceSpec(
            name="hub-datasets",
            summary="Data sets on the Hugging Face Hub",
            target="genzoo_sources.hub_datasets:open_hub",
            prefixes=("hf:",),
        ),
        DataSourceSpec(
            name="web-shards",
            summary="Tar shards at addresses on the web, to be streamed",
            target="genzoo_sources.web_addresses:open_address",
            prefixes=("http://", "https://"),
        ),
    ]
