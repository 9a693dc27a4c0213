export { type ObservedGateway, type ObserveGatewayOptions, observeGateway } from "./observe-gateway.ts";
