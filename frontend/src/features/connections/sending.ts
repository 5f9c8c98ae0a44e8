// A file sent as it is, with how far it is: the one request that the generated client cannot make, for fetch tells no progress.
export function send(connection: string, file: File, onProgress: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/connections/${connection}/files/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onerror = () => reject(new TypeError("Nothing answered."));
    request.onload = () => (request.status < 400 ? resolve() : reject(said(request.responseText)));
    request.send(file);
  });
}

function said(text: string): Error {
  try {
    return JSON.parse(text) as Error; // the server's own words
  } catch {
    return new Error("The answer could not be read.");
  }
}
