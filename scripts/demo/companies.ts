// The documents and questions of two invented companies with overlapping topics and file names, for
// the demonstration of tenant isolation.

export interface Company {
  readonly tenant: string;
  readonly name: string;
  readonly documents: readonly {
    source: string;
    content: string;
    metadata: Record<string, string>;
  }[];
  readonly questions: readonly {
    text: string;
    /** The document that answers it. */
    source: string;
  }[];
}

export const companies: readonly [Company, Company] = [
  {
    tenant: 'acme',
    name: 'Acme Robotics',
    documents: [
      {
        source: 'finance/q3-targets.md',
        content:
          'Q3 targets for Acme Robotics, July to September 2025. Acme aims for revenue of €18.4 ' +
          'million in Q3, up from €16.1 million in the second quarter. Of that, €13.2 million ' +
          'should come from new robot arms and €5.2 million from service contracts and spare ' +
          'parts. The gross margin target is 41 percent. Sales must book at least 210 new arms, ' +
          '60 of them from the Kestrel series. Operating costs may not exceed €5.6 million. The ' +
          'finance team reviews progress against these targets on the first Tuesday of every ' +
          'month and reports any gap above five percent to the board.',
        metadata: { department: 'finance', year: '2025' },
      },
      {
        source: 'hr/travel-policy.md',
        content:
          'This travel policy applies to every Acme employee who visits customers, suppliers or ' +
          'trade fairs. Book trains for trips under five hours and economy flights for ' +
          'everything else. Hotel rooms may cost up to €145 a night, or €190 in a capital city. ' +
          'The daily meal allowance is €48, and no receipts are needed for amounts below €15. ' +
          'Commissioning engineers who stay on a customer site for more than ten nights receive ' +
          'one paid flight home every second weekend. Submit travel expenses within 30 days ' +
          'through the expense portal; a line manager approves anything above €1,500 before ' +
          'booking.',
        metadata: { department: 'hr', year: '2025' },
      },
      {
        source: 'product/roadmap.md',
        content:
          'The product roadmap has three themes for the coming eighteen months. First, the ' +
          'Kestrel series gains a 25 kilogram variant with a reach of 1.9 metres, aimed at ' +
          'palletising. Second, the controller moves to firmware 6, which adds force sensing, ' +
          'collision prediction and a simulator that runs in the browser. Third, the older Heron ' +
          'series is retired: the last Heron order is accepted in December 2025, and spare parts ' +
          'remain available for ten years. Vision guidance and a mobile base are explicitly not ' +
          'on the roadmap, because only four of 130 surveyed customers asked for them.',
        metadata: { department: 'product', year: '2025' },
      },
      {
        source: 'product/launch-plan.md',
        content:
          'Launch plan for the Kestrel robot arm, strictly confidential. ' +
          'The secret launch date is March 15, 2025. Until then only the launch team of 23 ' +
          'people may mention the product outside the building, and samples travel in unmarked ' +
          'crates. The launch event takes place in the Rotterdam showroom with 80 invited ' +
          'customers and six journalists. Marketing has a budget of €320,000, half of it for ' +
          'demonstration cells. Forty arms are built in advance so that the first orders ship ' +
          'within two weeks. If certification slips, the head of product decides about a ' +
          'postponement.',
        metadata: { department: 'product', year: '2025' },
      },
      {
        source: 'sales/price-list.md',
        content:
          'List prices for robot arms, excluding tax and installation. A Kestrel 10 costs ' +
          '€38,500, a Kestrel 16 costs €46,900 and a Heron 8 costs €29,000. The standard gripper ' +
          'adds €2,350 and the welding package adds €7,800. The volume discount is 6 percent ' +
          'from five arms, 11 percent from twenty arms and 15 percent from fifty arms. Account ' +
          'managers may grant a further 3 percent on their own authority; anything beyond that ' +
          'needs the signature of the sales director. Quotations stay valid for 60 days. ' +
          'Demonstration units are sold at 70 percent of list with a full warranty.',
        metadata: { department: 'sales', year: '2025' },
      },
      {
        source: 'legal/castings-contract.md',
        content:
          'Summary of the supply contract with Velmora Castings, signed in October 2024. Velmora ' +
          'supplies aluminium castings for arm segments for three years at a fixed price of €412 ' +
          'per set, indexed once a year to the price of aluminium within a band of four percent. ' +
          'Acme commits to a minimum purchase of 700 sets a year. Late deliveries cost the ' +
          'supplier a penalty of 1 percent of the order value per working day, capped at 10 ' +
          'percent. Either party may terminate the contract with a notice period of six months. ' +
          'Tooling paid for by Acme remains the property of Acme.',
        metadata: { department: 'legal', year: '2024' },
      },
      {
        source: 'engineering/incident-gripper.md',
        content:
          'Incident report: gripper failure at a customer site, 9 April 2025. A Heron 8 dropped ' +
          'a 6 kilogram workpiece when the gripper lost air pressure during an emergency stop. ' +
          'Nobody was hurt and the line stood still for five hours. The root cause of the ' +
          'gripper failure was a check valve fitted the wrong way round after maintenance, which ' +
          'the self-test did not detect. We replaced the valve on 34 comparable units, added a ' +
          'pressure test to firmware 5.8 and printed a flow arrow on the valve body. Total cost, ' +
          'including compensation to the customer, came to €27,600.',
        metadata: { department: 'engineering', year: '2025' },
      },
      {
        source: 'hr/onboarding.md',
        content:
          'Onboarding at Acme takes four weeks. On the first day, new colleagues collect a ' +
          'laptop, a badge and safety shoes, and meet their buddy. The first week ends with the ' +
          'robot cell safety course, which is mandatory before anyone enters the test hall ' +
          'without an escort. In week two, everyone spends two days in final assembly, whatever ' +
          'their job. In week three, engineers commission a Heron arm on their own, and office ' +
          'staff join a customer call. The probation period lasts six months, with review ' +
          'meetings after 30, 90 and 150 days. Holiday entitlement is 28 days a year.',
        metadata: { department: 'hr', year: '2025' },
      },
      {
        source: 'security/access-policy.md',
        content:
          'Security and access policy. All staff sign in with a hardware key; passwords alone ' +
          'are never sufficient. Source code for the controller lives on an internal network ' +
          'that can be reached only from the engineering building or through the company tunnel. ' +
          'Visitors to the test hall hand in their phones and wear a red badge. Access rights ' +
          'are reviewed every quarter by team leads, and accounts of leavers are closed within ' +
          'two hours. Remote maintenance of customer robots requires a session approved by the ' +
          'customer, and every session is recorded and kept for 24 months. Report a lost key ' +
          'immediately on extension 7100.',
        metadata: { department: 'security', year: '2025' },
      },
      {
        source: 'support/service-levels.md',
        content:
          'Service levels for customers with a maintenance contract. Bronze contracts include a ' +
          'hotline on weekdays from 7 to 18 and a response within one working day. Silver ' +
          'contracts guarantee a technician on site within 24 hours. Gold contracts guarantee a ' +
          'technician on site within 8 hours, a loan arm if the repair takes longer than two ' +
          'days, and a yearly recalibration. A gold contract costs €3,900 per arm a year, silver ' +
          '€2,400 and bronze €1,100. In 2024 the team met the promised times in 96.3 percent of ' +
          '1,840 cases. Missed times earn the customer a credit of one month.',
        metadata: { department: 'support', year: '2025' },
      },
      {
        source: 'engineering/safety-standard.md',
        content:
          'Internal safety standard for robot cells. In collaborative mode, an arm may move at ' +
          'no more than 250 millimetres per second and must stop within 120 milliseconds of ' +
          'contact. Every cell has two emergency stop buttons, a light curtain and a lockable ' +
          'main switch. The risk assessment is written by the project engineer, checked by a ' +
          'second engineer and archived for fifteen years. Brakes are tested after every 2,000 ' +
          'operating hours. Changes to safety software need a review by the safety board, which ' +
          'meets on alternate Thursdays. Nobody may bridge a light curtain, not even for a short ' +
          'test.',
        metadata: { department: 'engineering', year: '2024' },
      },
      {
        source: 'operations/factory-capacity.md',
        content:
          'Factory capacity plan for the Eindhoven plant. Final assembly builds 18 arms a week ' +
          'in one shift. A second shift starts once the order backlog exceeds eleven weeks; it ' +
          'raises capacity to 30 arms a week and needs 26 additional fitters. The bottleneck is ' +
          'joint calibration, where each arm occupies a stand for 3.5 hours. Two further ' +
          'calibration stands, ordered for €540,000, arrive in the autumn. Stock of gearboxes ' +
          'must cover six weeks, because the supplier needs ten weeks to deliver. The plant ' +
          'closes for maintenance in the last week of July and between Christmas and New Year.',
        metadata: { department: 'operations', year: '2025' },
      },
    ],
    questions: [
      {
        text: 'What are the Q3 targets for revenue and gross margin?',
        source: 'finance/q3-targets.md',
      },
      {
        text: 'What is the secret launch date?',
        source: 'product/launch-plan.md',
      },
      {
        text: 'What was the root cause of the gripper failure?',
        source: 'engineering/incident-gripper.md',
      },
      {
        text: 'What penalty does Velmora pay for late deliveries of castings?',
        source: 'legal/castings-contract.md',
      },
      {
        text: 'What volume discount do we give from twenty arms?',
        source: 'sales/price-list.md',
      },
    ],
  },
  {
    tenant: 'globex',
    name: 'Globex Foods',
    documents: [
      {
        source: 'finance/q3-targets.md',
        content:
          'Q3 targets for Globex Foods, July to September 2025. Globex plans revenue of £92.7 ' +
          'million in Q3, which is four percent more than a year ago. Fresh produce should ' +
          'contribute £37 million, chilled and frozen goods £33.5 million and dry goods £22.2 ' +
          'million. The gross margin target is 17.5 percent, and spoilage must fall below 1.8 ' +
          'percent of purchases. The sales team is expected to win 140 new restaurant customers ' +
          'and to lose no more than 25. Overtime in the depots is limited to £410,000. Progress ' +
          'against these targets is published to all depot managers every Friday.',
        metadata: { department: 'finance', year: '2025' },
      },
      {
        source: 'hr/travel-policy.md',
        content:
          'The travel policy of Globex covers buyers, drivers and office staff. Buyers who visit ' +
          'growers abroad fly economy and may choose a flexible ticket, because harvest days ' +
          'move. Hotel rooms may cost up to £110 a night. The daily meal allowance is £35, or ' +
          '£20 when the host provides lunch. Private cars are reimbursed at 42 pence per mile; ' +
          'for journeys above 150 miles, take a pool car instead. Drivers on overnight routes ' +
          'receive a flat £28 and need no receipts. Travel expenses are paid with the next ' +
          'salary if they reach payroll by the 20th of the month.',
        metadata: { department: 'hr', year: '2025' },
      },
      {
        source: 'product/roadmap.md',
        content:
          'The product roadmap for our range lists four priorities in order of importance. The ' +
          'own label, Larder Lane, grows from 85 to 140 articles, mainly sauces, pulses and ' +
          'frozen vegetables. Plant based ready meals follow, developed with two contract ' +
          'kitchens and tested by 30 canteens. Third, all own label packaging becomes ' +
          'recyclable, at a cost of about 2 pence per article. Fourth, the ordering app gains a ' +
          'repeat order button and a shelf life display. Alcohol and tobacco stay off the ' +
          'roadmap. Every article that sells fewer than 50 cases a month for two quarters is ' +
          'delisted.',
        metadata: { department: 'product', year: '2025' },
      },
      {
        source: 'sales/customer-pricing.md',
        content:
          'Customer pricing works with three bands. Band A, for customers who buy more than ' +
          '£20,000 a month, receives cost plus 12 percent. Band B starts at £5,000 a month and ' +
          'pays cost plus 17 percent. Everybody else is in band C at cost plus 23 percent. ' +
          'Prices for fresh produce change every Monday and Thursday, while dry goods are fixed ' +
          'for a quarter. Schools and hospitals get a rebate of 2 percent at the end of the ' +
          'year. Orders below £150 carry a small order fee of £12. Sales representatives may not ' +
          'promise prices for more than six weeks.',
        metadata: { department: 'sales', year: '2025' },
      },
      {
        source: 'legal/dairy-contract.md',
        content:
          'Summary of the dairy contract with Ostrani Creamery. Ostrani delivers milk, butter ' +
          'and cream to four depots six days a week, at least 90,000 litres of milk a month. The ' +
          'milk price follows the published farm index plus 6 pence per litre and is ' +
          'recalculated every two months. Deliveries must arrive below 4 degrees, otherwise the ' +
          'depot refuses them at the expense of the supplier. Globex receives a bonus of 1.5 ' +
          'percent on purchases above £3 million a year. The dairy contract runs for two years ' +
          'and renews automatically unless it is cancelled 90 days before it expires.',
        metadata: { department: 'legal', year: '2025' },
      },
      {
        source: 'operations/incident-cold-store.md',
        content:
          'Incident report: cold store outage in the Northfield depot, 2 June 2025. A compressor ' +
          'tripped at 01:40 and the alarm went to the phone of a shift leader who was on leave. ' +
          'The temperature in the cold store rose from minus 20 to minus 9 degrees before the ' +
          'day shift noticed at 05:15. We destroyed 11.4 tonnes of frozen fish and ice cream ' +
          'worth £63,000; insurance covers all but £10,000. The alarm now calls three people in ' +
          'turn and repeats every five minutes. A spare compressor, bought for £18,500, stands ' +
          'ready on site. No spoiled goods reached a customer.',
        metadata: { department: 'operations', year: '2025' },
      },
      {
        source: 'hr/onboarding.md',
        content:
          'Onboarding at Globex lasts two weeks for depot staff and three weeks for office ' +
          'staff. Everyone completes the food hygiene certificate during the first three days, ' +
          'and nobody handles open goods before passing it. New drivers ride along with an ' +
          'experienced colleague for five shifts. New buyers spend one night at the produce ' +
          'market, starting at two in the morning. Uniforms and thermal jackets are provided ' +
          'free of charge. The probation period is three months, with a single review in week ' +
          'ten. Staff receive a discount of 15 percent on purchases of up to £200 a month and 25 ' +
          'days of holiday.',
        metadata: { department: 'hr', year: '2025' },
      },
      {
        source: 'security/access-policy.md',
        content:
          'Security and access policy for depots and systems. Depot gates open with a personal ' +
          'card, and cash offices additionally need a code that changes every month. Office ' +
          'accounts use a password of at least fourteen characters and confirmation on a phone. ' +
          'Supplier prices are visible only to buyers and finance; sales representatives see ' +
          'selling prices alone. Camera recordings are kept for 21 days. Handheld scanners lock ' +
          'after three minutes and are counted at the end of each shift. A suspected phishing ' +
          'mail goes to the service desk, which answers within 30 minutes. Contractors receive ' +
          'accounts that expire after eight weeks.',
        metadata: { department: 'security', year: '2025' },
      },
      {
        source: 'operations/delivery-routes.md',
        content:
          'Delivery routes run from four depots with 118 vans, 22 of them electric. Vans leave ' +
          'between 03:30 and 05:00, so that restaurants receive their goods before ten. The ' +
          'minimum drop is £90 inside the city ring and £180 outside it. A route has at most 19 ' +
          'stops and 140 miles. Customers order until 22:00 for delivery the next morning; later ' +
          'orders move one day. On time delivery stood at 94.8 percent last year, and the goal ' +
          'is 96.5 percent. Drivers photograph every drop, and complaints about missing cases ' +
          'are accepted for 24 hours.',
        metadata: { department: 'operations', year: '2025' },
      },
      {
        source: 'quality/recall-procedure.md',
        content:
          'Product recall procedure. As soon as a supplier or laboratory reports a hazard, the ' +
          'quality manager blocks the batch in the stock system, at the latest within 15 ' +
          'minutes. A recall team of quality, sales and transport meets within an hour. All ' +
          'affected customers are phoned within four hours and receive a written notice on the ' +
          'same day. The food authority is informed before the notice goes out. Returned goods ' +
          'are stored in a locked cage and destroyed after sampling. We rehearse a recall twice ' +
          'a year; the last rehearsal traced 98.7 percent of a batch of chickpeas in 95 minutes.',
        metadata: { department: 'quality', year: '2024' },
      },
      {
        source: 'finance/credit-terms.md',
        content:
          'Credit terms for trade customers. New customers pay in advance for the first six ' +
          'orders. After a credit check, they receive a limit of up to £4,000 and pay within 14 ' +
          'days of the invoice. Chains with audited accounts may have 30 days and a limit of ' +
          '£60,000, approved by the finance director. Reminders go out on day 3 and day 10 after ' +
          'the due date, and deliveries stop on day 21. Late payment interest is 8 percent a ' +
          'year. At the end of May, overdue invoices amounted to £1.35 million, of which ' +
          '£240,000 were older than 60 days.',
        metadata: { department: 'finance', year: '2025' },
      },
      {
        source: 'operations/warehouse-plan.md',
        content:
          'Warehouse plan for the Northfield depot. The hall has 9,600 pallet places: 5,200 ' +
          'ambient, 2,900 chilled and 1,500 frozen. Utilisation averages 87 percent and reaches ' +
          '97 percent in December. We rent 800 overflow places nearby at £3.40 per pallet a ' +
          'week. An extension of 2,100 square metres would cost £4.8 million and pays for itself ' +
          'in seven years; the board has postponed the decision. Pickers handle 165 cases an ' +
          'hour on average, and voice picking should raise that to 190. Goods with fewer than ' +
          'five days of remaining shelf life are moved to the clearance aisle.',
        metadata: { department: 'operations', year: '2025' },
      },
    ],
    questions: [
      {
        text: 'What are the Q3 targets for revenue and gross margin?',
        source: 'finance/q3-targets.md',
      },
      {
        text: 'How much may hotel rooms cost, and what is the daily meal allowance?',
        source: 'hr/travel-policy.md',
      },
      {
        text: 'How did the temperature in the cold store rise during the compressor outage?',
        source: 'operations/incident-cold-store.md',
      },
      {
        text: 'How soon are affected customers phoned after a product recall?',
        source: 'quality/recall-procedure.md',
      },
      {
        text: 'How is the milk price in the dairy contract recalculated?',
        source: 'legal/dairy-contract.md',
      },
    ],
  },
];
