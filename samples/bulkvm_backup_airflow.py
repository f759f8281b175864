"""Backs up all sites every night to one bucket, with 20 mapped tasks that share the PBXs.

Copy this file to Airflow's folder of DAGs. The workers need `pip install "bulkvm[s3]"`, the file of the sites with a
password_file or password_command for each, and the login of the bucket in their environment (AWS_ACCESS_KEY_ID ...).

A PBX is called by one task alone. For all tenants of a provider, use --all-tenants --site NAME instead of --all-sites,
in a command for each of its PBXs.
"""

import shlex
import subprocess
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

SHARDS = 20
COMMAND = "bulkvm backup s3://bucket/backups --all-sites --keep-daily 30 --shard"
# A retry does not help if the job is set up wrongly (2), a login is refused (4) or a backup is not verified (8).
FINAL = (2, 4, 8)


@dag(schedule="15 2 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1)
def bulkvm_backup() -> None:
    """Back up all sites."""

    @task(retries=2, retry_delay=timedelta(minutes=30))
    def back_up(number: int) -> None:
        """Back up one share of the PBXs."""
        ended = subprocess.run([*shlex.split(COMMAND), f"{number}/{SHARDS}"], check=False)
        if ended.returncode in FINAL:
            raise AirflowFailException(f"bulkvm ended with exit code {ended.returncode}; the log has the reason.")
        ended.check_returncode()

    back_up.expand(number=list(range(1, SHARDS + 1)))


bulkvm_backup()
