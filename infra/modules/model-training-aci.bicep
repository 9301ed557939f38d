// Trainers as container groups that come and go with the work (`capacity` = aci): the identity that a worker acts as,
// the right to read and write what it trains on, the right of the orchestrator to create and delete groups, and, where
// one is wanted for a try by hand, one group of the shape that the orchestrator creates.
//
// Off by default. With `enabled` false nothing is created and nothing is paid for.

@description('Whether trainers may run here at all.')
param enabled bool = false

@description('Creates one group by hand, of the shape that the orchestrator creates. Delete it afterwards: nobody else does.')
param createOneByHand bool = false

param location string = resourceGroup().location

@description('The installation: tag cloudfolio-owner, by which orphans are found.')
@minLength(3)
param owner string

@description('The storage account that holds cache, queues and tables.')
param storageAccountName string

@description('Principal of the orchestrator, which creates and deletes groups.')
param orchestratorPrincipalId string

@description('Registry server, such as example.azurecr.io; empty for a public image.')
param registryServer string = ''

@description('The trainer image, with its digest or tag.')
param image string

@description('Processors of one trainer.')
@minValue(1)
@maxValue(4)
param cpuCount int = 2

@description('Memory of one trainer.')
@minValue(1)
@maxValue(16)
param memoryGib int = 4

param queueName string = 'model-training-queue'

@description('Tags by which Cost Management groups. No tenant belongs here: tags are shown in bills.')
param costTags object = {
  'cost-service': 'training'
}

// Built-in roles: Storage Blob/Queue/Table Data Contributor.
var storageRoles = [
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
]
// Built-in role: Azure Container Instances Contributor Role.
var containerInstancesRole = '5d977122-f97e-4b4d-a52f-6b43003ddb4d'
// Built-in role: Managed Identity Operator, to hand the trainer's identity to a group.
var identityOperatorRole = 'f1a07417-d97a-45cb-824c-7a7467783830'

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageAccountName
}

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (enabled) {
  name: 'cloudfolio-trainer'
  location: location
  tags: union(costTags, { 'cloudfolio-owner': owner })
}

resource trainerRights 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in storageRoles: if (enabled) {
  name: guid(storage.id, 'cloudfolio-trainer', role)
  scope: storage
  properties: {
    principalId: trainer.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

resource mayCreateGroups 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (enabled) {
  name: guid(resourceGroup().id, orchestratorPrincipalId, containerInstancesRole)
  properties: {
    principalId: orchestratorPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', containerInstancesRole)
  }
}

resource mayLendIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (enabled) {
  name: guid(resourceGroup().id, orchestratorPrincipalId, identityOperatorRole)
  scope: trainer
  properties: {
    principalId: orchestratorPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', identityOperatorRole)
  }
}

resource byHand 'Microsoft.ContainerInstance/containerGroups@2026-07-01' = if (enabled && createOneByHand) {
  name: '${queueName}-${location}-0'
  location: location
  tags: union(costTags, {
    'cloudfolio-owner': owner
    'cloudfolio-queue': queueName
    'cloudfolio-generation': '0'
  })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${trainer.id}': {}
    }
  }
  properties: {
    osType: 'Linux'
    restartPolicy: 'Never'
    sku: 'Standard'
    imageRegistryCredentials: empty(registryServer) ? [] : [
      {
        server: registryServer
        identity: trainer.id
      }
    ]
    containers: [
      {
        name: 'worker'
        properties: {
          image: image
          command: [
            '/usr/bin/cloudfolio'
            'serve'
            '--role'
            'trainer'
          ]
          resources: {
            requests: {
              cpu: cpuCount
              memoryInGB: memoryGib
            }
          }
          environmentVariables: [
            {
              name: 'CLOUDFOLIO_WORKER'
              value: '${queueName}-${location}-0'
            }
            {
              name: 'CLOUDFOLIO_WORKER_GENERATION'
              value: '0'
            }
            {
              name: 'CLOUDFOLIO_WORKER_QUEUE'
              value: queueName
            }
          ]
        }
      }
    ]
  }
}

@description('What the orchestrator hands to each group: its identity.')
output trainerIdentityId string = enabled ? trainer.id : ''
