/** Shows moments in the reader's own time and language. */
export const MOMENTS = `
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const element of document.querySelectorAll("time")) {
  element.title = element.dateTime;
  element.textContent = moment.format(new Date(element.dateTime));
}
`;
