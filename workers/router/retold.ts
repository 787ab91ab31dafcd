/**
 * The same answer under other headers. Its body is read and written as its headers say, so that one that came packed is
 * not packed twice, nor sent unpacked under a header that says it is. An answer that became a socket stays one.
 */
export function retold(response: Response, headers: Headers): Response {
  const { body, status, statusText, webSocket } = response;
  return new Response(body, { status, statusText, headers, webSocket });
}
