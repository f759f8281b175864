#!/bin/sh
# Backs up all sites to one bucket, with 20 array tasks that share the PBXs. The nodes need `pip install "bulkvm[s3]"`, the
# file of the sites with a password_file or password_command for each, and the login of the bucket in their environment.
# Run it every night: `scrontab` takes the options below, or let cron call `sbatch bulkvm-backup-slurm.sh`.
#
# The last number of --array and the one after the slash are the number of shards. A PBX is called by one task alone. For all tenants of a provider, use --all-tenants --site NAME instead of --all-sites,
# in a command for each of its PBXs. After exit code 5, `scontrol requeue` repeats a task; the backups of a repeated task
# replace those that it made before, since --keep-daily keeps one a day.
#
#SBATCH --job-name=bulkvm-backup
#SBATCH --array=1-20
#SBATCH --ntasks=1
#SBATCH --mem=1G
#SBATCH --time=02:00:00
#SBATCH --mail-type=FAIL,ARRAY_TASKS

set -eu
exec bulkvm backup s3://bucket/backups --all-sites --keep-daily 30 --shard "$SLURM_ARRAY_TASK_ID/20"
