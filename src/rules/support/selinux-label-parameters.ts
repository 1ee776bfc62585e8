/** Parameters of `selinux-label`. */
import type { ParametersSchema } from '../../core/parameters.ts'
import { containerTypes } from '../../selinux/label.ts'

export const selinuxParameters = {
  'allowed-types': {
    type: 'array',
    items: { type: 'string' },
    description:
      'Types that processes of containers may have, as the kernel calls them: an alias counts as what it stands for.',
    default: containerTypes,
  },
  'allowed-mount-types': {
    type: 'array',
    items: { type: 'string' },
    description: 'Types that linux.mountLabel may have.',
    default: ['container_file_t', 'container_ro_file_t', 'svirt_sandbox_file_t', 'svirt_lxc_file_t'],
  },
  'require-mount-label': {
    type: 'boolean',
    description: 'Whether linux.mountLabel must be there too.',
    default: false,
  },
  'assigned-type': {
    type: 'string',
    description:
      'Type of the label a container without one gets where the action is fix, such as container_t; empty: it gets none and is refused. Its level is within the clearance of whoever it is for, else a pair of categories that no other container has; it gets none where its files could not bear it.',
    default: '',
  },
  'require-categories': {
    type: 'boolean',
    description: 'Whether the level must be a single one and carry a pair of categories.',
    default: true,
  },
  'max-categories': {
    type: 'integer',
    minimum: 2,
    maximum: 1024,
    description:
      'The most categories a level may carry. Engines give two at random; with 64 of them a container reaches the files of less than one in 200 others.',
    default: 64,
  },
} as const satisfies ParametersSchema
