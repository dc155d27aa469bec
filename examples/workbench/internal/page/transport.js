// How the page's requests are answered: by the server that it came from.
export const request = fetch.bind(window);
