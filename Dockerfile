# The gateway as an image: built with everything, run with what it needs, as nobody in particular.
FROM node:20-bookworm-slim AS build
WORKDIR /ringmeter
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.browser.json tsconfig.extranet.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build && npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:20-bookworm-slim
# The voice of the prompts. Without it callers hear silence where the price should be told.
RUN apt-get update \
 && apt-get install -y --no-install-recommends espeak-ng \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /ringmeter
COPY --from=build /ringmeter/node_modules ./node_modules
COPY --from=build /ringmeter/dist ./dist
COPY package.json ./
COPY migrations ./migrations
COPY white-label-templates ./white-label-templates
COPY wsdl ./wsdl
# Shared with the switch, which plays what is written here: a new volume takes over this owner.
RUN mkdir -p /var/lib/ringmeter/prompts /var/spool/ringmeter-cdr /run/ringmeter \
 && chown -R node:node /var/lib/ringmeter /var/spool/ringmeter-cdr /run/ringmeter
ENV NODE_ENV=production \
    PORT=3000 \
    DATA_DIR=/var/lib/ringmeter \
    PROMPTS_DIR=/var/lib/ringmeter/prompts
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not npm: a signal must reach the process that ends in order.
CMD ["node", "dist/main.js"]
