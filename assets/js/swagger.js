/* Swagger UI on #swagger-ui; the address of the OpenAPI document is in its data attribute. */
const box = document.querySelector("#swagger-ui");
const csrf = document.querySelector("meta[name=csrf-token]")?.content;

window.SwaggerUIBundle({
  url: box.dataset.openapi,
  domNode: box,
  deepLinking: true,
  layout: "BaseLayout",
  presets: [window.SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    if (csrf && new URL(request.url, location.href).origin === location.origin) request.headers["X-CSRFToken"] = csrf;
    return request;
  },
});
