import { join } from 'node:path'
import { boot } from './machine.ts'
const g = '/tmp/w-labels/test/selinux'
const t = Date.now()
const r = await boot('/tmp/labels-image', { lintel: '/tmp/w-labels/dist/lintel', cases: join(g, 'guest/cases').replace(/.*/,'/tmp/labels-quick.sh'), 'policy.toml': `${g}/policy.toml` })
console.log(r.results, '---', r.console.split('\n').slice(-25).join('\n'), (Date.now() - t) / 1000)
