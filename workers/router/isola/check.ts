/** Questions about texts that every script would write anew, as source text. The patterns take linear time. */
export const CHECK_SOURCE = String.raw`
const NativeURL = URL;
const NativeDate = Date;

// With a look-up of their own, since test() asks for exec, and the script may put another in the prototype.
function matcher(pattern) {
  pattern.exec = pattern.exec;
  return pattern.test.bind(pattern);
}

const isEmail = matcher(/^[\w.!#$%&'*+/=?^\x60{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$/);
const isUuid = matcher(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i);
const isSlug = matcher(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
const isDate = matcher(/^\d{4}-\d{2}-\d{2}$/);

export const check = {
  email: (value) => typeof value === "string" && value.length <= 254 && isEmail(value),
  url(value) {
    if (typeof value !== "string" || value.length > 2_048) return false;
    try {
      const { protocol } = new NativeURL(value);
      return protocol === "https:" || protocol === "http:";
    } catch {
      return false;
    }
  },
  uuid: (value) => typeof value === "string" && isUuid(value),
  slug: (value) => typeof value === "string" && value.length <= 100 && isSlug(value),
  date(value) {
    if (typeof value !== "string" || !isDate(value)) return false;
    const time = new NativeDate(value).getTime();
    return time === time && new NativeDate(time).toISOString().startsWith(value);
  },
};
`;
