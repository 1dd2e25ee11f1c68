# The service, ragwall serve. What it reads from its environment: docs/service.md.
FROM node:22-alpine AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY src src
# Without scripts: those of the packages are for tools that the build does not use, and our own would build again.
RUN npm ci --ignore-scripts && npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/src/server/package.json src/server/
COPY --from=build /app/src/server/dist src/server/dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD wget -q -O /dev/null http://127.0.0.1:8080/healthz
ENTRYPOINT ["node", "dist/cli.js", "serve", "--host", "0.0.0.0"]
