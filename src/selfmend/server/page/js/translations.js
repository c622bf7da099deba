export const TABLES = { de: {}, es: {} };
