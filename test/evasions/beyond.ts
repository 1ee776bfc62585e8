/** What is not lintel's, by the sentence of SECURITY.md that says so. */
import type { OutOfScope } from '../support/evasion.ts'

export const otherRuntime: OutOfScope = {
  sentence: 'They can name another runtime',
  why: 'who names another runtime never calls lintel; the installer closes and reports these ways',
}

export const noRuntime: OutOfScope = {
  sentence: '**Processes that need no runtime**: `nsenter`',
  why: 'no runtime is called, so there is no call to judge',
}

export const runtimeFault: OutOfScope = {
  sentence: 'a race that such a fault leaves open is closed by a fixed runtime',
  why: 'the configuration judged is right, and the runtime does something else than it says',
}

export const laterChange: OutOfScope = {
  sentence: 'What of it the engine writes down is judged when it next starts the container.',
  why: 'the engine makes the change without calling a runtime, while the container runs',
}

export const outside: OutOfScope = {
  sentence: 'ports of swarm services, iptables and proxies outside',
  why: 'whoever opens these does it on the host, beside the container, and no file of the container tells',
}

export const imageMade: OutOfScope = {
  sentence: '**How an image was made and where it came from**',
  why: 'no call of a runtime carries how the image was made or got here',
}

export const otherName: OutOfScope = {
  sentence: 'a copy under a name nobody listed is content of the image',
  why: 'a program is known by its name and by links to it; a copy renamed is one program among all others',
}

export const hiddenSecret: OutOfScope = {
  sentence: '**A secret that neither its name nor its shape gives away**',
  why: 'two halves under names that say nothing look like any other two values',
}
