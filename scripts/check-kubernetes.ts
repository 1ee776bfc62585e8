/**
 * `npm run check:kubernetes`: helm lints and renders the chart, kustomize builds every folder, and what comes out is held
 * to the API's own schemas. Apart from `npm test`, because the tools are built from source: some minutes, once a checkout.
 * Needs Go 1.24 and pip.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { execa } from 'execa'
import { parseAllDocuments } from 'yaml'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules/.cache/lintel')

/** Go modules by the name of their program. */
const tools = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.19.0',
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1',
} as const
/** A package that carries the API's schemas, and the releases of Kubernetes that are asked. */
const schemaPackage = 'kubernetes-validate==1.37.0'
const releases = ['v1.25.0', 'v1.37.0']

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const run = async (program: keyof typeof tools, ...words: readonly string[]): Promise<string> =>
  (await execa(join(cache, 'bin', program), [...words], { cwd: root })).stdout

const fetchTools = async (): Promise<void> => {
  for (const [name, source] of Object.entries(tools)) {
    if (existsSync(join(cache, 'bin', name))) continue
    console.log(`building ${source}`)
    await execa('go', ['install', source], { env: { GOBIN: join(cache, 'bin') } })
  }
  if (existsSync(join(cache, 'kubernetes_validate'))) return
  const folder = mkdtempSync(join(tmpdir(), 'lintel-schemas-'))
  await execa('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, schemaPackage])
  await execa('python3', ['-m', 'zipfile', '-e', join(folder, readdirSync(folder)[0] ?? ''), cache])
  rmSync(folder, { recursive: true })
}

/** The complaints of the API's strict schema, which knows every member there is. */
const complaints = (resource: Resource, release: string): readonly string[] => {
  const folder = join(cache, `kubernetes_validate/kubernetes-json-schema/${release}-local-strict`)
  const group = resource.apiVersion.split('/').map((part) => part.split('.')[0])
  const name = `${resource.kind.toLowerCase()}-${group.join('-')}.json`
  // Files refer to each other by name, and to formats (int32) that bound what JSON Schema does not.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(JSON.parse(readFileSync(join(folder, '_definitions.json'), 'utf8')), '_definitions.json')
  const validate = ajv.compile(JSON.parse(readFileSync(join(folder, name), 'utf8')))
  validate(resource)
  return (validate.errors ?? []).map(
    ({ instancePath, message }) =>
      `${release} ${resource.kind} ${resource.metadata.name}${instancePath}: ${message}`,
  )
}

const problems: string[] = []

/** Holds a YAML stream to the schemas and to what is expected of it. */
const check = (what: string, yaml: string, kinds: readonly string[]): readonly Resource[] => {
  const resources: readonly Resource[] = parseAllDocuments(yaml).flatMap((document) => document.toJS() ?? [])
  const found = resources.map(({ kind }) => kind).toSorted()
  if (found.join() !== kinds.toSorted().join()) problems.push(`${what}: expected ${kinds}, got ${found}`)
  problems.push(
    ...releases
      .flatMap((release) => resources.flatMap((each) => complaints(each, release)))
      .map((text) => `${what}: ${text}`),
  )
  const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)
  if (new Set(names).size !== names.length) problems.push(`${what}: one name twice in ${names}`)
  console.log(`ok   ${what}: ${names.join(', ')}`)
  return resources
}

const nodeTerm = (resource: Resource): string =>
  JSON.stringify(resource).match(/"key":"lintel-policy","operator":"(\w+)"(,"values":\["([^"]*)"\])?/)?.[0] ??
  'none'

await fetchTools()

const base = check('kustomize base', await run('kustomize', 'build', 'install/kubernetes/base'), [
  'ConfigMap',
  'DaemonSet',
  'Namespace',
])
const strict = check(
  'kustomize overlays/strict',
  await run('kustomize', 'build', 'install/kubernetes/overlays/strict'),
  ['ConfigMap', 'DaemonSet'],
)
check('kustomize overlays/opt-in', await run('kustomize', 'build', 'install/kubernetes/overlays/opt-in'), [
  'ConfigMap',
  'DaemonSet',
  'Namespace',
  'RuntimeClass',
])
check('kustomize runtime-class', await run('kustomize', 'build', 'install/kubernetes/runtime-class'), [
  'RuntimeClass',
])
check('kustomize uninstall', await run('kustomize', 'build', 'install/kubernetes/uninstall'), [
  'ConfigMap',
  'DaemonSet',
  'Namespace',
])
const groups = [...base, ...strict].filter(({ kind }) => kind === 'DaemonSet').map(nodeTerm)
if (new Set(groups).size !== 2 || groups.includes('none'))
  problems.push(`the groups of nodes overlap: ${groups}`)

const chart = 'install/helm/lintel'
console.log(await run('helm', 'lint', '--strict', chart))
const render = (...words: readonly string[]): Promise<string> =>
  run('helm', 'template', 'site', chart, '-n', 'lintel-system', ...words)
check('helm template', await render(), ['ConfigMap', 'DaemonSet'])
const twoGroups = 'nodeGroups=[{"name":"default"},{"name":"strict","policy":"version = 1\\n"}]'
check(
  'helm template, two groups',
  await render('--set-json', twoGroups, '--set', 'runtimeClass.create=true', '--set', 'handler=lintel'),
  ['ConfigMap', 'ConfigMap', 'DaemonSet', 'DaemonSet', 'RuntimeClass'],
)
check('helm template, uninstall', await render('--set', 'action=uninstall'), ['ConfigMap', 'DaemonSet'])
for (const wrong of ['action=remove', 'engine=docker', 'place=bin', 'handler=A', 'bogus=1'])
  await render('--set', wrong).then(
    () => problems.push(`helm takes --set ${wrong}`),
    () => console.log(`ok   helm refuses --set ${wrong}`),
  )

for (const problem of problems) console.log(`FAIL ${problem}`)
process.exitCode = problems.length > 0 ? 1 : 0
