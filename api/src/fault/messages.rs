use super::Code;

/// The sentence in Chinese and in English; `{name}` is replaced by a detail of the rejection.
pub(super) fn sentences(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::WrongCredentials => (
            "账号或密码不正确，请核对后重试；忘记密码请联系管理员重置。",
            "The account or the password is wrong. Check both, or ask an administrator for a reset.",
        ),
        Code::SlowDown => {
            ("尝试次数过多，请在 {seconds} 秒后重试。", "Too many attempts. Try again in {seconds} seconds.")
        }
        Code::PasswordTooWeak => (
            "密码太简单：至少 {least} 个字符，且不得与账号相同。",
            "The password is too easy: at least {least} characters, and not the account's name.",
        ),
        Code::NotAllowed => (
            "您的角色不允许此操作；如确有需要，请联系本单位负责人或管理员授权。",
            "Your roles do not allow this here. Ask the head of the unit or an administrator for the right.",
        ),
        Code::NotFound => ("找不到该对象，请核对编号。", "There is no such thing for you. Check the id."),
        Code::Stale => (
            "内容已被他人修改，请重新载入后再试。",
            "Somebody changed it meanwhile. Load it again and repeat your change.",
        ),
        Code::KeyReused => (
            "该幂等键已用于不同的内容，请换用新的键。",
            "This idempotency key was used with another input. Take a new key.",
        ),
        Code::Required => ("此项必填。", "This must be filled."),
        Code::TooLong => ("内容过长，最多 {most} 个字符。", "Too long: at most {most} characters."),
        Code::OutOfRange => ("数值须在 {least} 到 {most} 之间。", "Must be between {least} and {most}."),
        Code::Malformed => ("格式不正确：{expected}。", "Not in the right form: {expected}."),
        Code::Duplicate => ("已存在相同的值，请核对。", "Another one with this value exists. Check it."),
        Code::WrongState => {
            ("当前状态（{state}）下不能执行此操作。", "Not possible in the present state ({state}).")
        }
        Code::SecretRefused => (
            "本系统为非涉密网络，不得录入涉密资产；该内容未被保存。",
            "This network may not hold secret assets. Nothing of it was kept.",
        ),
        Code::NotEnough => {
            ("数量不足：需要 {asked}，可用 {available}。", "Not enough: {asked} asked, {available} there.")
        }
        Code::Frozen => (
            "该资产已被冻结（盘点、争议或保密检查），解冻后再试。",
            "A freeze covers it (count, dispute or secrecy check). Try again when it is lifted.",
        ),
        Code::KindMismatch => (
            "与资产类型（{kind}）不符，请改用该类型的字段或分类。",
            "Does not go with the kind of the asset ({kind}). Use that kind's fields and categories.",
        ),
        Code::OfferedField => (
            "已有单位依据此项信息办理，不得直接修改；请改用信息更正（correctAsset），由申请单位重新确认。",
            "Others count on this. Correct it by correctAsset: whoever asked for the asset is asked again.",
        ),
        Code::PiecesClaimed => (
            "数量不得少于已上架、已申请或已承诺的 {claimed} 件；请先撤回（withdrawListing）不存在的部分。",
            "{claimed} pieces are offered or promised. Withdraw those that are not there (withdrawListing), then correct the number.",
        ),
        Code::ConfirmFirst => (
            "资产信息已更正，申请单位尚未确认；请等待其确认（confirmCorrection）后再交接。",
            "The asset was corrected and the asker has not confirmed yet. Wait for confirmCorrection, then hand it over.",
        ),
        Code::NothingChanged => (
            "与现有信息一致，没有需要更正的内容；请核对后再提交。",
            "Nothing differs from what the card says. Check it, and say what is to be corrected.",
        ),
        Code::ForLoanOnly => (
            "该上架仅供借用，请改用借用申请（requestLoan）。",
            "This is offered for loan only. Ask for a loan instead (requestLoan).",
        ),
        Code::NoWindow => (
            "择优分配只适用于面向多家单位的调剂上架：请取消指定接收单位或借用用途，或改为先到先得（FIRST_COME）并清空申领期天数。",
            "A claim window is for an offer for transfer that several units may ask for: clear the named receiver or the purpose LOAN, or choose FIRST_COME and clear the days of the window.",
        ),
        Code::LoanTaken => (
            "{day} 仅剩 {free} 件可借；请减少数量，或查看借用日历（loanCalendar）另选日期。",
            "On {day} only {free} pieces are free. Ask for fewer, or choose other days in loanCalendar.",
        ),
        Code::LoanTooLong => (
            "借用最长 {most} 天（首尾两日均计）；确需长期使用请申请调剂。",
            "A loan takes at most {most} days, both ends counted. Ask for a transfer if you need it for longer.",
        ),
        Code::TooFarAhead => (
            "借用开始日期最晚为 {day}，请届时再申请。",
            "A loan can begin on {day} at the latest. Ask again nearer to that time.",
        ),
        Code::LoanDayWrong => (
            "日期须在 {from} 至 {to} 之间。",
            "The day must be one from {from} to {to}. Choose such a day, or change the days of the loan first.",
        ),
        Code::NotBackYet => (
            "尚有 {missing} 件未收回或未验收；请先办理归还验收，或撤销本次借用。",
            "{missing} pieces are not back from an earlier loan, or not inspected. Settle that first, or give this loan up.",
        ),
        Code::Claimed => (
            "该资产已有单位申请、预留、在途或借用，调剂利用优先；请待其办结后再处置。",
            "A unit has asked for it, was promised it, or has it; reuse goes first. Dispose of it when that has ended.",
        ),
        Code::ReuseFirst => (
            "上架满 {days} 天仍无单位承接方可按此方式处置，最早为 {day}；此前请继续调剂。",
            "This can be proposed when it was offered in vain for {days} days: from {day} on. Go on offering it until then.",
        ),
        Code::BelowServiceLife => (
            "未达最低使用年限（{months} 个月，至 {day}），不得报废；确无法修复的，请填写鉴定情况和鉴定人。",
            "Below its minimum service life ({months} months, up to {day}) it is not scrapped. If it is beyond repair, say what is broken and who found so.",
        ),
        Code::AppraisalNeeded => (
            "出售、置换须先评估，请先录入评估结果（appraiseDisposal）。",
            "What is sold or exchanged is appraised first. Enter the appraisal (appraiseDisposal).",
        ),
        Code::AppraisalOver => (
            "评估结果已于 {day} 过期，请重新评估。",
            "The appraisal was good up to {day}. Have it appraised anew.",
        ),
        Code::BelowAppraisal => (
            "成交价不得低于 {least} 元（评估值 {appraised} 元）；请重新评估，或报批低价出售（askDisposalPrice）。",
            "It may not go for less than {least} (appraised at {appraised}). Have it appraised anew, or ask for a lower price (askDisposalPrice).",
        ),
        Code::PublicityRuns => (
            "公示期至 {day}，期满无异议后方可办理。",
            "It is shown for objections up to {day}. Carry it out after that day.",
        ),
        Code::PublicityOver => (
            "公示期已于 {day} 结束；如确有需要，请联系持有单位或机关事务管理局。",
            "It was shown for objections up to {day}. Ask its holder or the office if you need it.",
        ),
        Code::DuplicateSuspected => (
            "该资产卡片疑似重复，请先由机关事务管理局在疑似重复清单中核实。",
            "The card may be a duplicate. Settle the case in the list of duplicates first.",
        ),
        Code::OwnHolding => ("不能申请本单位自己的资产。", "A unit cannot ask for what it holds itself."),
        Code::OverCap => (
            "超出配置标准：限额 {cap}，已有或在途 {taken}，还可申请 {left}。请减少数量，或请机关事务管理局核实编制。",
            "Over the cap: at most {cap}, {taken} held or under way, {left} left. Ask for fewer, or have the office check the \
             headcount.",
        ),
        Code::OverdueReceipts => (
            "本单位有 {count} 笔交接逾期未确认接收（如 {number}），请先确认接收；确有原因的，请机关事务管理局放行。",
            "The unit has not confirmed {count} hand-overs (such as {number}). Confirm them first, or ask the office to let it go on.",
        ),
        Code::NoStepForAll => (
            "规则集缺少对所有 {subject} 事项均适用（无条件）的步骤，可能出现无人审批的情形；请补充后再发布。",
            "No rule without conditions asks every {subject}: some would be approved by nobody. Add one, then publish.",
        ),
        Code::OwnCase => (
            "申请人不能审批自己的申请，请由他人审批。",
            "Whoever applied cannot decide the same case. Leave it to another person.",
        ),
        Code::UnitNotActive => {
            ("该单位正在撤并或已撤销，不能执行此操作。", "The unit is closing or closed and cannot do this.")
        }
        Code::ClosedBySuccession => (
            "撤销单位须通过单位撤并（draftSuccession）办理，其资产和未办结事项由承接单位接收。",
            "A unit is closed by a succession (draftSuccession), which passes its assets and open cases on.",
        ),
        Code::UnderSuccession => (
            "该单位正在办理撤并（{number}），请先办结或撤回该撤并事项。",
            "The unit is in the succession {number}. Wait for its end, or call it off first.",
        ),
        Code::NotYetDue => (
            "撤并自 {day} 起生效，届时自动执行，无需提前办理。",
            "It takes effect on {day} and starts by itself on that day.",
        ),
        Code::PhotoRequired => {
            ("上架前至少需要一张照片。", "At least one photo is needed before it is listed.")
        }
        Code::ErasureRequired => (
            "含存储介质的资产上架前须有数据清除或拆除硬盘的记录。",
            "Anything with a disk needs an erasure or disk-removal record before it is listed.",
        ),
        Code::VirtualOnly => ("房产只能以虚拟仓方式上架。", "Real estate is listed virtually only."),
        Code::PhotoRefused => ("照片未被接受：{why}", "The picture was not taken: {why}"),
        Code::Circle => (
            "上级关系不能成环，层级不超过 {deepest} 级，请选择其他上级。",
            "Nothing can be above itself, and a tree has at most {deepest} levels. Choose another one.",
        ),
        Code::NewerStandard => (
            "已有自 {day} 起生效的版本，新版本的生效日期不得早于该日。",
            "A revision begins on {day}: a new one cannot begin before it.",
        ),
        Code::DuplicateRow => (
            "与第 {line} 行重复，请只保留一行。",
            "Line {line} is about the same thing. Keep one of the two.",
        ),
        Code::WrongCode => (
            "一次性代码不正确或已失效；重新启动服务会打印新的代码。",
            "The one-time code is wrong or too old. The service prints a new one when it starts again.",
        ),
        Code::LastAdministrator => (
            "这是最后一位管理员，请先为他人授予管理员角色。",
            "This is the last administrator. Grant the role to somebody else first.",
        ),
        Code::ScopeMismatch => (
            "角色 {role} 不能授予到范围 {scope}，请选择其他范围。",
            "The role {role} cannot be held at the scope {scope}. Choose another scope.",
        ),
        Code::NotOpen => (
            "该上架当前不接受本单位的申请，请选择其他上架。",
            "This listing does not take requests of your unit now. Choose another one.",
        ),
        Code::InThePast => ("日期不能早于今天（{today}）。", "The day cannot be before today ({today})."),
        Code::SumMismatch => (
            "接收、拒收与遗失之和为 {sum}，应等于交接数量 {quantity}。",
            "Received, refused and lost sum to {sum}; they must sum to the {quantity} handed over.",
        ),
        Code::ObjectionsOpen => (
            "异议期至 {last} 止，尚有 {count} 条异议未答复。请待异议期满并逐条答复后再提交。",
            "Objections are open until {last}, and {count} are not answered. Hand it in when the days are over and each is answered.",
        ),
        Code::ObjectionsOver => (
            "该明细的异议期已于 {last} 届满。如有新情况，请直接联系机关事务管理局。",
            "The days for objections to this line ended on {last}. Tell the office of the warehouse directly.",
        ),
        Code::AwaitedByOthers => (
            "已有其他单位在排队等候该资产，不能越过。请先处理排队申请，或改用其他资产。",
            "Other units wait for it in the queue. Settle their requests first, or take something else.",
        ),
        Code::TooEarly => (
            "尚未到期：交接满 {days} 天后才能视同接收。",
            "Too early: a receipt can be deemed {days} days after the hand-over.",
        ),
        Code::TooLate => (
            "已超过接收后 {days} 天的退回期限，请按新的调剂办理。",
            "Too late: a defect is reported within {days} days of the receipt. List it anew instead.",
        ),
        Code::AlreadyBooked => {
            ("本方已登记凭证号，不能重复登记。", "This side has noted its voucher number already.")
        }
        Code::ClosedAddress => (
            "该地址属于内部网络，不允许推送；如确为本市系统，请由运维在 WEBHOOK_NETWORKS 中开放其网段。",
            "The address is private, and nothing is sent there. If it is a system of the city, whoever runs this service opens \
             its network in WEBHOOK_NETWORKS.",
        ),
        Code::FileRefused => ("文件未被接受：{why}", "The file was not taken: {why}"),
        Code::BadPage => (
            "分页参数不正确：一次最多 {most} 条，游标须为系统给出的值。",
            "The page is not right: at most {most} at a time, and only cursors that came from here.",
        ),
    }
}
