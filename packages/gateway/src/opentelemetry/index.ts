export { type ObserveGatewayOptions, observeGateway } from "./observe-gateway.ts";
