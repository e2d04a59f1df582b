"use strict";(self.rspackChunkkeras_guard=self.rspackChunkkeras_guard||[]).push([[266],{646(o,t,e){var n=e(601),r=e.n(n),i=e(314),a=(e.n(i))()(r());a.push([o.id,`.kg-span.kg-pending {
  background-image: none;
  text-decoration: underline dotted var(--jp-warn-color0);
  text-underline-offset: 3px;
}

.cm-tooltip:has(.kg-tip),
.cm-tooltip .cm-tooltip-section:has(.kg-tip) {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  max-width: min(560px, 90vw);
}

.kg-tip {
  display: block;
  margin-bottom: 4px;
}

.cm-diagnostic:has(.kg-tip) .cm-diagnosticAction,
.kg-button {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color0, #767e87);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  margin: 2px 6px 2px 0;
  padding: 2px 8px;
}

.cm-diagnostic:has(.kg-tip) .cm-diagnosticAction u {
  text-decoration: none;
}

.kg-button:hover:enabled,
.cm-diagnostic:has(.kg-tip) .cm-diagnosticAction:hover {
  background: var(--jp-layout-color2);
}

.kg-button:focus-visible,
.kg-link:focus-visible,
.kg-go:focus-visible,
.kg-indicator:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.kg-button:disabled {
  border-style: dashed;
  cursor: default;
  opacity: 0.6;
}

.kg-button.kg-has-menu::after {
  content: '\\25be' / '';
  margin-left: 4px;
}

.kg-buttons {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
}

.kg-foot {
  padding: 2px 14px 4px;
}

.kg-foot,
.kg-note,
.kg-said {
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.kg-note {
  font-style: italic;
  margin: 2px 0;
}

.kg-refused {
  color: var(--jp-ui-font-color1);
  flex-basis: 100%;
  white-space: pre-wrap;
}

.kg-dismissed > :not(.kg-foot) {
  display: none;
}

.kg-dismissed .kg-buttons > span {
  margin-right: 8px;
}

.kg-no-pictures .kg-card img {
  display: none !important;
}

.kg-link {
  background: none;
  border: none;
  color: var(--jp-content-link-color, inherit);
  cursor: pointer;
  font: inherit;
  padding: 0;
  text-decoration: underline;
}

.kg-link:disabled {
  color: inherit;
  cursor: default;
  text-decoration: none;
}

.kg-page {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  max-width: 80ch;
  overflow: auto;
  white-space: pre-wrap;
}

.kg-indicator {
  align-items: center;
  background: none;
  border: none;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  display: inline-flex;
  font: inherit;
  font-size: var(--jp-ui-font-size1);
  gap: 4px;
  padding: 0 8px;
  white-space: nowrap;
}

.kg-indicator[hidden] {
  display: none;
}

.kg-indicator.kg-open {
  font-weight: 600;
}

.kg-indicator:hover {
  background: var(--jp-layout-color3);
}

.kg-list {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  overflow: auto;
  padding: 8px 12px;
}

.kg-list h2 {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  margin: 4px 0 8px;
}

.kg-list h3 {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  margin: 12px 0 4px;
}

.kg-list ul {
  list-style: none;
  margin: 0;
  padding: 0;
}

.kg-list li {
  border-left: 3px solid var(--jp-warn-color1);
  margin: 6px 0 12px;
  padding-left: 8px;
}

.kg-list li.kg-open {
  border-left-color: var(--jp-error-color1);
}

.kg-list p {
  margin: 4px 0;
}

.kg-go {
  background: none;
  border: none;
  color: inherit;
  cursor: pointer;
  display: block;
  font: inherit;
  line-height: 1.4;
  margin-bottom: 4px;
  padding: 2px;
  text-align: left;
  width: 100%;
}

.kg-go:hover {
  background: var(--jp-layout-color2);
}

.kg-where {
  white-space: nowrap;
}
`,""]),e.d(t,{},{A:a})},314(o){o.exports=function(o){var t=[];return t.toString=function(){return this.map(function(t){var e="",n=void 0!==t[5];return t[4]&&(e+="@supports (".concat(t[4],") {")),t[2]&&(e+="@media ".concat(t[2]," {")),n&&(e+="@layer".concat(t[5].length>0?" ".concat(t[5]):""," {")),e+=o(t),n&&(e+="}"),t[2]&&(e+="}"),t[4]&&(e+="}"),e}).join("")},t.i=function(o,e,n,r,i){"string"==typeof o&&(o=[[null,o,void 0]]);var a={};if(n)for(var c=0;c<this.length;c++){var s=this[c][0];null!=s&&(a[s]=!0)}for(var p=0;p<o.length;p++){var l=[].concat(o[p]);n&&a[l[0]]||(void 0!==i&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=i),e&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=e),r&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=r):l[4]="".concat(r)),t.push(l))}},t}},601(o){o.exports=function(o){return o[1]}},665(o,t,e){e.r(t);var n=e(72),r=e.n(n),i=e(825),a=e.n(i),c=e(659),s=e.n(c),p=e(56),l=e.n(p),d=e(540),u=e.n(d),f=e(113),g=e.n(f),v=e(646),m={};m.styleTagTransform=g(),m.setAttributes=l(),m.insert=s().bind(null,"head"),m.domAPI=a(),m.insertStyleElement=u(),r()(v.A,m);let k=v.A&&v.A.locals?v.A.locals:void 0;e.d(t,{},{default:k})},72(o){var t=[];function e(o){for(var e=-1,n=0;n<t.length;n++)if(t[n].identifier===o){e=n;break}return e}function n(o,n){for(var r={},i=[],a=0;a<o.length;a++){var c=o[a],s=n.base?c[0]+n.base:c[0],p=r[s]||0,l="".concat(s," ").concat(p);r[s]=p+1;var d=e(l),u={css:c[1],media:c[2],sourceMap:c[3],supports:c[4],layer:c[5]};if(-1!==d)t[d].references++,t[d].updater(u);else{var f=function(o,t){var e=t.domAPI(t);return e.update(o),function(t){t?(t.css!==o.css||t.media!==o.media||t.sourceMap!==o.sourceMap||t.supports!==o.supports||t.layer!==o.layer)&&e.update(o=t):e.remove()}}(u,n);n.byIndex=a,t.splice(a,0,{identifier:l,updater:f,references:1})}i.push(l)}return i}o.exports=function(o,r){var i=n(o=o||[],r=r||{});return function(o){o=o||[];for(var a=0;a<i.length;a++){var c=e(i[a]);t[c].references--}for(var s=n(o,r),p=0;p<i.length;p++){var l=e(i[p]);0===t[l].references&&(t[l].updater(),t.splice(l,1))}i=s}}},659(o){var t={};o.exports=function(o,e){var n=function(o){if(void 0===t[o]){var e=document.querySelector(o);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(o){e=null}t[o]=e}return t[o]}(o);if(!n)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");n.appendChild(e)}},540(o){o.exports=function(o){var t=document.createElement("style");return o.setAttributes(t,o.attributes),o.insert(t,o.options),t}},56(o,t,e){o.exports=function(o){var t=e.nc;t&&o.setAttribute("nonce",t)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var t=o.insertStyleElement(o);return{update:function(e){var n,r,i;n="",e.supports&&(n+="@supports (".concat(e.supports,") {")),e.media&&(n+="@media ".concat(e.media," {")),(r=void 0!==e.layer)&&(n+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),n+=e.css,r&&(n+="}"),e.media&&(n+="}"),e.supports&&(n+="}"),(i=e.sourceMap)&&"u">typeof btoa&&(n+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(i))))," */")),o.styleTagTransform(n,t,o.options)},remove:function(){var o;null===(o=t).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,t){if(t.styleSheet)t.styleSheet.cssText=o;else{for(;t.firstChild;)t.removeChild(t.firstChild);t.appendChild(document.createTextNode(o))}}}}]);