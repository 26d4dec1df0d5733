# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A DAG for Apache Airflow 2.4 or later: new dumps of the day, in parts, into SQLite, then the page."""
import pendulum
from airflow import DAG
from airflow.operators.bash import BashOperator

PARTS = 8
FOLDER = '/srv/fleet'   # with dumps/ and results/

with DAG('kmd_fleet', schedule='@hourly', start_date=pendulum.datetime(2026, 1, 1, tz='UTC'), catchup=False,
         max_active_runs=1, default_args={'retries': 2}) as dag:
    todo = BashOperator(
        task_id='todo',
        bash_command=f'find {FOLDER}/dumps -type f | LC_ALL=C sort | fleet-store {FOLDER}/fleet.db --todo '
                     f'> {FOLDER}/results/todo')
    parts = [BashOperator(
        task_id=f'part_{index}',
        bash_command=f'fleet-worker --shard {index}/{PARTS} --timeout 60 --memory 1500 < {FOLDER}/results/todo '
                     f'> {FOLDER}/results/part-{index}.jsonl') for index in range(PARTS)]
    store = BashOperator(
        task_id='store',
        # The parts of those that failed are stored as well: they are whole lines.
        trigger_rule='all_done',
        bash_command=f'fleet-store {FOLDER}/fleet.db {FOLDER}/results/part-*.jsonl')
    page = BashOperator(
        task_id='page',
        bash_command=f'fleet-page {FOLDER}/fleet.db > {FOLDER}/fleet.html.new && '
                     f'mv {FOLDER}/fleet.html.new {FOLDER}/fleet.html')
    todo >> parts >> store >> page
