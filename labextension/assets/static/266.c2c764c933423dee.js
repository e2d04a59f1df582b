"use strict";(self.rspackChunkkeras_guard=self.rspackChunkkeras_guard||[]).push([[266],{646(r,e,t){var o=t(601),n=t.n(o),a=t(314),i=(t.n(a))()(n());i.push([r.id,`.kg-gutter .cm-gutterElement {
  padding: 0 3px;
}

.kg-dot {
  cursor: default;
  font-size: 12px;
}

.kg-dot.kg-open {
  color: var(--jp-error-color1);
}

.kg-dot.kg-pending {
  color: var(--jp-warn-color0);
}

.kg-span {
  text-decoration: underline wavy;
  text-decoration-skip-ink: none;
  text-underline-offset: 3px;
}

.kg-span.kg-open {
  text-decoration-color: var(--jp-error-color1);
}

.kg-span.kg-pending {
  text-decoration-color: var(--jp-warn-color1);
}

.kg-indicator {
  background: none;
  border: none;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  font: inherit;
  font-size: var(--jp-ui-font-size1);
  padding: 0 8px;
  white-space: nowrap;
}

.kg-indicator.kg-open {
  font-weight: 600;
}

.kg-indicator:hover,
.kg-indicator:focus-visible {
  background: var(--jp-layout-color3);
}

.kg-list {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  box-shadow: var(--jp-elevation-z4);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  max-height: 50vh;
  max-width: min(560px, 90vw);
  overflow: auto;
  padding: 4px;
  position: fixed;
  z-index: 10000;
}

.kg-list ul {
  list-style: none;
  margin: 0;
  padding: 0;
}

.kg-list p {
  margin: 4px 8px;
}

.kg-list li {
  border-left: 3px solid var(--jp-warn-color1);
  margin: 4px 0;
  padding-left: 4px;
}

.kg-list li.kg-open {
  border-left-color: var(--jp-error-color1);
}

.kg-list button {
  background: none;
  border: 1px solid transparent;
  color: inherit;
  cursor: pointer;
  font: inherit;
  padding: 3px 6px;
  text-align: left;
}

.kg-list button:hover,
.kg-list button:focus-visible {
  background: var(--jp-layout-color2);
}

.kg-list .kg-rebuild {
  border-color: var(--jp-border-color1);
  border-radius: 2px;
  margin: 2px 6px 4px;
}
`,""]),t.d(e,{},{A:i})},314(r){r.exports=function(r){var e=[];return e.toString=function(){return this.map(function(e){var t="",o=void 0!==e[5];return e[4]&&(t+="@supports (".concat(e[4],") {")),e[2]&&(t+="@media ".concat(e[2]," {")),o&&(t+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),t+=r(e),o&&(t+="}"),e[2]&&(t+="}"),e[4]&&(t+="}"),t}).join("")},e.i=function(r,t,o,n,a){"string"==typeof r&&(r=[[null,r,void 0]]);var i={};if(o)for(var c=0;c<this.length;c++){var s=this[c][0];null!=s&&(i[s]=!0)}for(var p=0;p<r.length;p++){var l=[].concat(r[p]);o&&i[l[0]]||(void 0!==a&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=a),t&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=t),n&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=n):l[4]="".concat(n)),e.push(l))}},e}},601(r){r.exports=function(r){return r[1]}},665(r,e,t){t.r(e);var o=t(72),n=t.n(o),a=t(825),i=t.n(a),c=t(659),s=t.n(c),p=t(56),l=t.n(p),u=t(540),d=t.n(u),f=t(113),v=t.n(f),g=t(646),h={};h.styleTagTransform=v(),h.setAttributes=l(),h.insert=s().bind(null,"head"),h.domAPI=i(),h.insertStyleElement=d(),n()(g.A,h);let m=g.A&&g.A.locals?g.A.locals:void 0;t.d(e,{},{default:m})},72(r){var e=[];function t(r){for(var t=-1,o=0;o<e.length;o++)if(e[o].identifier===r){t=o;break}return t}function o(r,o){for(var n={},a=[],i=0;i<r.length;i++){var c=r[i],s=o.base?c[0]+o.base:c[0],p=n[s]||0,l="".concat(s," ").concat(p);n[s]=p+1;var u=t(l),d={css:c[1],media:c[2],sourceMap:c[3],supports:c[4],layer:c[5]};if(-1!==u)e[u].references++,e[u].updater(d);else{var f=function(r,e){var t=e.domAPI(e);return t.update(r),function(e){e?(e.css!==r.css||e.media!==r.media||e.sourceMap!==r.sourceMap||e.supports!==r.supports||e.layer!==r.layer)&&t.update(r=e):t.remove()}}(d,o);o.byIndex=i,e.splice(i,0,{identifier:l,updater:f,references:1})}a.push(l)}return a}r.exports=function(r,n){var a=o(r=r||[],n=n||{});return function(r){r=r||[];for(var i=0;i<a.length;i++){var c=t(a[i]);e[c].references--}for(var s=o(r,n),p=0;p<a.length;p++){var l=t(a[p]);0===e[l].references&&(e[l].updater(),e.splice(l,1))}a=s}}},659(r){var e={};r.exports=function(r,t){var o=function(r){if(void 0===e[r]){var t=document.querySelector(r);if(window.HTMLIFrameElement&&t instanceof window.HTMLIFrameElement)try{t=t.contentDocument.head}catch(r){t=null}e[r]=t}return e[r]}(r);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(t)}},540(r){r.exports=function(r){var e=document.createElement("style");return r.setAttributes(e,r.attributes),r.insert(e,r.options),e}},56(r,e,t){r.exports=function(r){var e=t.nc;e&&r.setAttribute("nonce",e)}},825(r){r.exports=function(r){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=r.insertStyleElement(r);return{update:function(t){var o,n,a;o="",t.supports&&(o+="@supports (".concat(t.supports,") {")),t.media&&(o+="@media ".concat(t.media," {")),(n=void 0!==t.layer)&&(o+="@layer".concat(t.layer.length>0?" ".concat(t.layer):""," {")),o+=t.css,n&&(o+="}"),t.media&&(o+="}"),t.supports&&(o+="}"),(a=t.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),r.styleTagTransform(o,e,r.options)},remove:function(){var r;null===(r=e).parentNode||r.parentNode.removeChild(r)}}}},113(r){r.exports=function(r,e){if(e.styleSheet)e.styleSheet.cssText=r;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(r))}}}}]);