/** Parameters of `oversize`: limits that nothing reasonable comes near to. */
import type { ParametersSchema } from '../../core/parameters.ts'

/** Bytes are of UTF-8. The kernel's own limits are 128 KiB for one string and, by default, 2 MiB together. */
export const sizeParameters = {
  strings: {
    type: 'integer',
    description:
      'How many arguments, and how many environment variables. Kubernetes sets seven for each service.',
    default: 32768,
    minimum: 1,
  },
  'process-bytes': {
    type: 'integer',
    description: 'Bytes of all arguments, and of all environment variables.',
    default: 2097152,
    minimum: 1024,
  },
  'string-bytes': {
    type: 'integer',
    description: 'Bytes of one argument or environment variable.',
    default: 131071,
    minimum: 1024,
  },
  mounts: { type: 'integer', description: 'How many mounts.', default: 4096, minimum: 1 },
  annotations: { type: 'integer', description: 'How many annotations.', default: 4096, minimum: 1 },
  hooks: { type: 'integer', description: 'How many hooks, of all kinds.', default: 256, minimum: 0 },
  'config-bytes': {
    type: 'integer',
    description:
      'Bytes of all mounts, of all annotations and of all hooks, as JSON. CRI-O keeps several copies of the annotations of a pod.',
    default: 2097152,
    minimum: 1024,
  },
  console: {
    type: 'integer',
    description: 'Lines and columns of the console.',
    default: 65535,
    minimum: 0,
    maximum: 65535,
  },
} as const satisfies ParametersSchema
