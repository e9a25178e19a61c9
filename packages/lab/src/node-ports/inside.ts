export { NODE_PORT_ADDRESS as DOOR_ADDRESS } from "../control-plane/addresses";
