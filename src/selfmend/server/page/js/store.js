// What survives a reload, in the browser's own database: pictures, masks' steps, which jobs belong to them.

let opening = null;

function database() {
  opening ??= new Promise((resolve, reject) => {
    const opened = indexedDB.open("selfmend", 1);
    opened.onupgradeneeded = () => {
      opened.result.createObjectStore("documents", { keyPath: "id" });
      opened.result.createObjectStore("steps");
      opened.result.createObjectStore("state");
    };
    opened.onsuccess = () => resolve(opened.result);
    opened.onerror = () => reject(opened.error);
  });
  return opening;
}

async function act(name, mode, todo) {
  const base = await database();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(name, mode);
    const asked = todo(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const get = (name, key) => act(name, "readonly", (store) => store.get(key));
export const getAll = (name, range) => act(name, "readonly", (store) => store.getAll(range));
export const getKeys = (name, range) => act(name, "readonly", (store) => store.getAllKeys(range));
export const put = (name, value, key) => act(name, "readwrite", (store) => (key === undefined ? store.put(value) : store.put(value, key)));
export const remove = (name, key) => act(name, "readwrite", (store) => { store.delete(key); });
export const clear = (name) => act(name, "readwrite", (store) => { store.clear(); });
export const stepsOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);
