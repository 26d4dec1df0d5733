# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""manifests.py EXAMPLES - the manifests are what their engines accept, as far as it can be known here."""
import ast
import json
import pathlib
import re
import shutil
import subprocess
import sys

EXAMPLES = pathlib.Path(sys.argv[1])
SCHEMA = pathlib.Path(__file__).with_name('job-schema.json')
# Options of sbatch that take no value; all others of the script need one.
SBATCH = {'job-name': r'\S+', 'array': r'\d+-\d+(%\d+)?', 'cpus-per-task': r'\d+', 'mem': r'\d+[KMGT]?',
          'time': r'(\d+-)?\d+:\d\d:\d\d', 'requeue': None, 'output': r'\S+'}
DAG_STUBS = '''
import sys, types
class Task:
    def __init__(self, task_id, bash_command, **options):
        assert set(options) <= {"trigger_rule"}, options
        self.id, self.command, self.after = task_id, bash_command, []
        tasks.append(self)
    def __rshift__(self, other):
        for task in other if isinstance(other, list) else [other]:
            task.after.append(self.id)
        return other
    def __rrshift__(self, others):
        for other in others:
            other >> self
        return self
class DAG:
    def __init__(self, name, **options): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass
tasks = []
for name, members in {"airflow": {"DAG": DAG}, "airflow.operators": {}, "airflow.operators.bash": {"BashOperator": Task},
                      "pendulum": {"datetime": lambda *a, **k: None}}.items():
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
'''


def fail(text):
    print(f'FAIL: {text}')
    sys.exit(1)


def shell_is_good(text, shell='sh'):
    done = subprocess.run([shell, '-n'], input=text, text=True, check=False, stderr=subprocess.PIPE)
    if done.returncode:
        fail(done.stderr)


def is_within(part, whole):
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and is_within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_within, part, whole))
    return part == whole


def by_kubectl(job):
    """kubectl reads a manifest into the types of its API without a cluster: a wrong type is an error, an unknown field is lost."""
    if not shutil.which('kubectl'):
        return ''
    version = json.loads(subprocess.run(['kubectl', 'version', '--client', '-o', 'json'], check=True, stdout=subprocess.PIPE).stdout)
    if int(re.match(r'\d+', version['clientVersion']['minor'])[0]) < 29:
        return ''

    def read(manifest):
        return subprocess.run(['kubectl', 'set', 'image', '--local', '-f', '-', 'worker=another', '-o', 'json'], check=False, text=True,
                              input=json.dumps(manifest), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    done = read(job)
    if done.returncode:
        fail(done.stderr)
    kept, wanted = json.loads(done.stdout), json.loads(json.dumps(job))
    wanted['spec']['template']['spec']['containers'][0]['image'] = 'another'
    if not is_within(wanted, kept):
        fail(f'kubernetes: kubectl has no such fields: {done.stdout}')
    wanted['spec']['backoffLimitPerIndex'] = 'three'
    if not read(wanted).returncode:
        fail('kubectl accepts any type')
    return f', and by kubectl {version["clientVersion"]["gitVersion"]}'


def kubernetes():
    try:
        import jsonschema
        import yaml
    except ImportError as error:
        return f'kubernetes: skipped, {error}'
    job = yaml.safe_load((EXAMPLES / 'kubernetes.yaml').read_text())
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(job)
    # A field that does not exist is an error.
    job['spec']['completionsMode'] = 'Indexed'
    if jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).is_valid(job):
        fail('the schema accepts any field')
    del job['spec']['completionsMode']
    container = job['spec']['template']['spec']['containers'][0]
    shell_is_good(container['command'][-1])
    volumes = {volume['name'] for volume in job['spec']['template']['spec']['volumes']}
    if {mount['name'] for mount in container['volumeMounts']} != volumes:
        fail('kubernetes: volumes and mounts differ')
    if f'/{job["spec"]["completions"]}"' not in container['command'][-1]:
        fail('kubernetes: the number of shards is not that of the completions')
    return f'kubernetes: by the JSON schema of batch/v1 Job{by_kubectl(job)}'


def slurm():
    path = EXAMPLES / 'slurm.sbatch'
    text = path.read_text()
    shell_is_good(text)
    seen = re.findall(r'^#SBATCH --([\w-]+)(?:=(.*))?$', text, re.M)
    if len(seen) != len(SBATCH) or len(re.findall(r'^#SBATCH', text, re.M)) != len(seen):
        fail(f'slurm: {seen}')
    for name, value in seen:
        if not (SBATCH[name] is None and not value or SBATCH[name] and re.fullmatch(SBATCH[name], value)):
            fail(f'slurm: --{name}={value}')
    # sbatch stops at the first line that is neither a comment nor empty.
    if '#SBATCH' in text[text.index('\nset -eu'):]:
        fail('slurm: an option behind the first command')
    # sbatch checks its options before it looks for a cluster.
    if shutil.which('sbatch'):
        done = subprocess.run(['sbatch', '--test-only', path, '/a', '/b'], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if re.search('unrecognized|[Ii]nvalid', done.stdout):
            fail(done.stdout)
        return f'slurm: by sbatch ({done.stdout.strip().splitlines()[-1]})'
    return 'slurm: by its options; no sbatch'


def airflow():
    source = (EXAMPLES / 'airflow_dag.py').read_text()
    ast.parse(source)
    space = {}
    try:
        import airflow as _
        kind = 'of Airflow itself'
    except ImportError:
        exec(DAG_STUBS, space)  # pylint: disable=exec-used
        kind = 'of stand-ins for its classes'
    exec(compile(source, 'airflow_dag.py', 'exec'), space)  # pylint: disable=exec-used
    tasks = space.get('tasks', [])
    for task in tasks:
        shell_is_good(task.command, 'bash')
    after = {task.id: task.after for task in tasks}
    if tasks and (after['store'] != [f'part_{i}' for i in range(8)] or after['page'] != ['store'] or after['part_3'] != ['todo']):
        fail(f'airflow: {after}')
    return f'airflow: by importing it, with the classes {kind}'


def main():
    for check in (kubernetes, slurm, airflow):
        print(check())
    for name in ('fleet', 'slurm.sbatch'):
        shell_is_good((EXAMPLES / name).read_text())


main()
