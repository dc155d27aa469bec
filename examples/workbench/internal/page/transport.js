// How the page's requests are answered: by the server that it came from.
export const request = fetch.bind(window);

// forget has the browser forget what it keeps for the page: here it keeps nothing.
export const forget = null;
