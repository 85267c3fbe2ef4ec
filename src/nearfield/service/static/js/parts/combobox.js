/** Search as you type: an ARIA combobox whose list is moved through by the arrow keys. */
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../html.js";
import { useRemote, useSettled } from "../remote.js";
import { Icon } from "./icon.js";

/**
 * @typedef {{key: string, label: any, value: any}} Option
 */

/**
 * @param {object} props
 * @param {string} props.label what is searched
 * @param {string} props.placeholder
 * @param {string} props.scope what answers depend on beside the text
 * @param {(text: string, signal: AbortSignal) => Promise<Option[]>} props.search
 * @param {(value: any) => void} props.onPick
 * @param {(text: string) => void} [props.onEnter] where nothing of the list is chosen
 * @param {boolean} [props.slash] whether the key / comes here
 * @param {boolean} [props.eager] whether the list is there before anything is typed
 */
export function Combobox({ label, placeholder, scope, search, onPick, onEnter, slash, eager }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef(null);
  const id = useId();
  const wanted = useSettled(text.trim(), 150);
  const asked = open && (wanted || eager) ? `${scope}\n${wanted}` : null;
  const found = useRemote(asked, (signal) => search(wanted, signal), { keep: true });
  const options = found.data ?? [];
  const shown = open && asked !== null;

  useEffect(() => setAt(-1), [found.data]);
  // at once, not after the next frame: who sees the field may press the key
  useLayoutEffect(() => (slash ? onSlash(() => input.current) : undefined), [slash]);
  useEffect(() => {
    if (at >= 0) document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const pick = (option) => {
    setOpen(false);
    setText("");
    onPick(option.value);
  };
  const move = (step) => {
    setOpen(true);
    if (options.length)
      setAt((now) =>
        now < 0 && step < 0 ? options.length - 1 : (now + step + options.length) % options.length,
      );
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Escape: () => (open ? setOpen(false) : setText("")),
    Enter: () => {
      if (shown && options[at]) pick(options[at]);
      else if (onEnter) {
        setOpen(false);
        onEnter(text.trim());
      } else if (shown && options.length) pick(options[0]);
    },
  };
  const onKeyDown = (event) => {
    const act = keys[event.key];
    if (!act || event.isComposing) return;
    event.preventDefault();
    act();
  };

  return html`<div class="combobox">
    <${Icon} name="search" size=${16} />
    <input
      ref=${input}
      class="input"
      type="text"
      role="combobox"
      autocomplete="off"
      spellcheck=${false}
      enterkeyhint="search"
      aria-label=${label}
      aria-autocomplete="list"
      aria-expanded=${String(shown)}
      aria-controls=${`${id}-list`}
      aria-activedescendant=${shown && at >= 0 ? `${id}-${at}` : null}
      placeholder=${placeholder}
      value=${text}
      onInput=${(event) => {
        setText(event.currentTarget.value);
        setOpen(true);
      }}
      onClick=${() => setOpen(true)}
      onBlur=${() => setOpen(false)}
      onKeyDown=${onKeyDown}
    />
    ${slash && html`<kbd aria-hidden="true">/</kbd>`}
    <div class="options" hidden=${!shown} onPointerDown=${(event) => event.preventDefault()}>
      <div id=${`${id}-list`} role="listbox" aria-label=${label}>
        ${options.map(
          (option, index) => html`<div
            key=${option.key}
            id=${`${id}-${index}`}
            class="option"
            role="option"
            aria-selected=${String(index === at)}
            onPointerMove=${() => index !== at && setAt(index)}
            onClick=${() => pick(option)}
          >
            ${option.label}
          </div>`,
        )}
      </div>
      <${Said} found=${found} text=${wanted} empty=${!options.length} />
    </div>
  </div>`;
}

function Said({ found, text, empty }) {
  if (found.error) return html`<p class="said" role="status">${found.error.message}</p>`;
  if (!empty) return null;
  return html`<p class="said" role="status">${found.busy ? "Searching …" : `Nothing is called “${text}”.`}</p>`;
}

function onSlash(field) {
  const listen = (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field()?.focus();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
