/** The icon of the list, the status bar and the commands: a layer that is cut off from a model. */

import { LabIcon } from '@jupyterlab/ui-components';

export const guardIcon = new LabIcon({
  name: 'keras-guard:guard',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M12 1 3 5v6c0 5.6 3.8 10.7 9 12 5.2-1.3 9-6.4 9-12V5zm0 2.2 7 3.1V11c0 4.5-3 8.7-7 9.9-4-1.2-7-5.4-7-9.9V6.3z"/>
    <path d="M8 7h8v3H8zm0 8h8v3H8zm3-4.4h2v1.3h-2zm0 2.5h2v1.3h-2z"/>
  </g>
</svg>`
});
