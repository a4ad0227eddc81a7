/** The words of the page's language: English text -> text, or -> [singular, plural]; the server writes them into the page. */

const catalogue = JSON.parse(document.getElementById("words").textContent);

export const language = document.documentElement.lang;

/** Which way of writing numbers and times: for English the one with 24 hours and the day before the month. */
export const locale = language === "en" ? "en-GB" : language;

/** The text of a message, with {name} replaced by values.name. */
export function say(message, values = {}) {
  return fill(catalogue[message] ?? message, values);
}

/** Like `say`, for a count: {n} is the count, written as the language writes numbers. */
export function sayMany(one, many, n, values = {}) {
  const forms = [catalogue[one] ?? [one, many]].flat(); // Indonesian has one form for both
  return fill(n === 1 ? forms[0] : forms.at(-1), { n: integer(n), ...values });
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}

const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

export function integer(n) {
  return integers.format(n);
}
