// Prints the bodies that `aci` capacity sends to Resource Manager, one JSON object a line: with
// everything set, and with as little as may be.

#include <cstdio>

#include "capacity/aci_platform.h"

int main() {
  using namespace cloudfolio::capacity;
  AciOptions options;
  options.owner = "installation-1";
  CreateRequest request{.name = "model-training-queue-westeurope-17",
                        .generation = 17,
                        .queue = "model-training-queue",
                        .region = "westeurope",
                        .image = "example.azurecr.io/trainer:1",
                        .size = {2, 4},
                        .job = "train-1"};
  std::printf("%s\n", container_group_json(options, request).c_str());
  options.identity_id =
      "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/r/providers/"
      "Microsoft.ManagedIdentity/userAssignedIdentities/trainer";
  options.registry = "example.azurecr.io";
  options.command = {"/usr/bin/cloudfolio", "serve", "--role", "trainer"};
  options.environment = {{"CLOUDFOLIO_LOG_LEVEL", "info"}};
  options.cost_tags = {{"cost-service", "training"}};
  std::printf("%s\n", container_group_json(options, request).c_str());
  return 0;
}
