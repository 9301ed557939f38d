#pragma once
// An orchestration as the Durable status route shows it.

#include "durable/client.h"
#include "json/json.h"

namespace cloudfolio::gateway {

// {name, instanceId, runtimeStatus, input, customStatus, output, createdTime, lastUpdatedTime}, and
// `failure: {code, message}` where it failed, `stalled` where it cannot go on. Payloads that are
// JSON are shown as JSON, others as text, none as null.
json::Object show_instance(const durable::OrchestrationState& state);
// [{EventType, Timestamp, EventId?, TaskScheduledId?, Name?}], without payloads.
json::Array show_history(const durable::History& history);

// What everybody may see of a refresh's report: not what it cost, which tells of other work that
// was done with the same requests.
void hide_costs(json::Value& report);

// What everybody may see of a failure: its code. The text may name what the run worked on, which
// may be private.
void hide_failure(json::Object& shown);

// Whether the instance works on private text: then only those who may read that know of it.
bool is_private_instance(const InstanceId& instance);
// Whose run it is: its "tenant" tag, else the login in "refresh:{login}" or "train:{login}:…", also
// behind "private:"; empty where it is nobody's.
TenantId tenant_of_instance(const durable::OrchestrationState& state);

}  // namespace cloudfolio::gateway
