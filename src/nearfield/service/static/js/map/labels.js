/** Titles beside points, where one looks so closely that there is room for them. */

const MOST = 80; // points in view; with more, titles would only cover them
const HEIGHT = 18;
const LETTER = 6.6; // width of a letter on average, in pixels
const LONGEST = 26;

/** Titles that float above the canvas. */
export class Labels {
  /** @param {HTMLElement} layer @param {import("./picture.js").Picture} picture @param {import("./titles.js").Titles} titles */
  constructor(layer, picture, titles) {
    Object.assign(this, { layer, picture, titles });
    /** @type {{row: number, element: HTMLElement}[]} */
    this.shown = [];
  }

  /** Choose which are shown: as many as do not cover each other. */
  choose() {
    const rows = this.picture.inView(MOST) ?? [];
    const few = rows.length <= MOST ? rows : [];
    this.titles.want(few);
    const taken = [];
    const named = few.filter((row) => row !== this.picture.chosen && this.titles.of(row));
    const chosen = named.filter((row) => this.fits(row, taken));
    this.layer.replaceChildren();
    this.shown = chosen.map((row) => {
      const element = document.createElement("span");
      element.textContent = shortened(this.titles.of(row).title);
      this.layer.append(element);
      return { row, element };
    });
    this.move();
  }

  fits(row, taken) {
    const [left, top] = this.picture.placeOf(row);
    const width = Math.min(this.titles.of(row).title.length, LONGEST) * LETTER + 12;
    const meets = (box) =>
      left < box.left + box.width && box.left < left + width && Math.abs(top - box.top) < HEIGHT;
    if (taken.some(meets)) return false;
    taken.push({ left, top, width });
    return true;
  }

  /** Follow the picture. */
  move() {
    const away = this.picture.radius + 4;
    for (const { row, element } of this.shown) {
      const [left, top] = this.picture.placeOf(row);
      element.style.transform = `translate(${left + away}px, ${top - HEIGHT / 2}px)`;
    }
  }
}

const shortened = (title) => (title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title);
